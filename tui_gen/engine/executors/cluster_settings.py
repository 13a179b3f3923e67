"""The settings of a cluster, which the room `config` defines."""

from tui_gen.config.cluster_settings import ClusterSettings, MachineSettings, OutputMode, TlsFiles

__all__ = ["ClusterSettings", "MachineSettings", "OutputMode", "TlsFiles"]
