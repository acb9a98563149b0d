"""Deployments on Triton by desired state, and predictions through them."""
