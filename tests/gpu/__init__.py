"""GPUs, pretended, for machines that have none."""
