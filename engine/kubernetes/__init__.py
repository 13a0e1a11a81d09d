"""Our `pulumi-resource-kubernetes`: Kubernetes objects for Pulumi where the official plugin cannot be installed."""
