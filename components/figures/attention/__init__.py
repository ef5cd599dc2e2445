"""Pictures of attention: heat maps, the steps of one reading, writing, masks and sharing."""
