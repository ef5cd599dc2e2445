"""A question that Attribution's views still ask as the attention page once did."""
