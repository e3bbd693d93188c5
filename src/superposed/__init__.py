"""superposed: measure how many neurons a network needs to compute in superposition."""
