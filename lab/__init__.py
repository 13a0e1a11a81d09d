"""The lab: a whole data centre of real servers, switches and hosts on one machine."""

from lab.lifecycle import Lab, ServiceStatus, down, environment, status, up

__all__ = ["Lab", "ServiceStatus", "down", "environment", "status", "up"]
