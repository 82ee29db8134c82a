"""What the repo's own ``train`` is called with: the mapping ``train`` of ``params.yaml``."""

from typing import Any

from pavedroad.errors import ConfigError
from pavedroad.foundation.project import Project

PARAMETERS = "params.yaml"


def read_parameters(project: Project) -> dict[str, Any]:
    """Read the parameters of training; without the file there are none.

    Raises:
        ConfigError: the file is not valid YAML, or ``train`` in it is no mapping.
    """
    from pavedroad.foundation.yamlfile import read_yaml

    path = project.root / PARAMETERS
    parameters = read_yaml(path).get("train") if path.is_file() else {}
    if parameters is None:
        return {}
    if not isinstance(parameters, dict):
        raise ConfigError("'train' must be a mapping of names to values.", where=path)
    return parameters
