"""ONNX behind ``foundation.package.export``: skl2onnx writes, onnxruntime answers; neither executes a model's code."""

from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType

from pavedroad.errors import PackageError
from pavedroad.foundation.evaluation.metrics import Predictions

_TABLE = "features"


def convert(model: Any, features: pd.DataFrame, about: dict[str, str]) -> bytes:  # noqa: ANN401
    """Write a model that takes its features as one matrix of 32-bit floats or, where it needs names, as columns.

    Raises:
        PackageError: ONNX cannot express it; the error says why.
    """
    numbers = [pd.api.types.is_numeric_dtype(kind) for kind in features.dtypes]
    matrix = [(_TABLE, FloatTensorType([None, features.shape[1]]))]
    columns = [
        (str(name), FloatTensorType([None, 1]) if number else StringTensorType([None, 1]))
        for name, number in zip(features.columns, numbers, strict=True)
    ]
    reasons = []
    for inputs in ([matrix] if all(numbers) else []) + [columns]:
        try:
            options = {"zipmap": False} if hasattr(model, "predict_proba") else None
            made = to_onnx(model, initial_types=inputs, options=options)
        except Exception as error:  # noqa: BLE001 - skl2onnx raises whatever it met
            reasons.append(f"{type(error).__name__}: {' '.join(str(error).split())[:200]}")
            continue
        for name, value in about.items():
            made.metadata_props.add(key=name, value=value)
        return bytes(made.SerializeToString())
    raise PackageError(f"ONNX cannot express this model: {reasons[0]}.")


def ask(content: bytes, features: pd.DataFrame) -> Predictions:
    """Ask the written model. It is read from memory, so nothing it names outside itself can be reached.

    Raises:
        PackageError: onnxruntime refuses it.
    """
    try:
        session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
        feed = {}
        for wanted in session.get_inputs():
            if wanted.name == _TABLE and _TABLE not in features.columns:
                feed[wanted.name] = features.to_numpy(dtype="float32")
            else:
                column = features[[wanted.name]]
                feed[wanted.name] = column.to_numpy(dtype="float32" if "float" in wanted.type else "str").astype(
                    "float32" if "float" in wanted.type else object
                )
        answers = session.run(None, feed)
    except Exception as error:
        raise PackageError(f"onnxruntime refuses the model: {' '.join(str(error).split())[:300]}.") from error
    values = np.asarray(answers[0])
    if len(answers) > 1:
        return Predictions(values=values.ravel(), probabilities=np.asarray(answers[1], dtype="float64"))
    return Predictions(values=values.ravel())
