"""The gateway's endpoints, one module per client API. Each translates between HTTP and one call; none decides anything."""
