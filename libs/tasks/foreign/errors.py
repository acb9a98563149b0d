"""Why a file from elsewhere does not become a model; each says what to do."""

from libs.common.errors import BadInput


class ModelFileIsNotOnnx(BadInput):
    code, title = "model_file_not_onnx", "This is no ONNX file"


class ModelFileIsPickled(BadInput):
    code, title = "model_file_pickled", "Files that can hold code are not taken"


class ModelHasExternalData(BadInput):
    code, title = "model_external_data", "The weights are in other files"


class ModelHasCustomOperators(BadInput):
    code, title = "model_custom_operators", "The model uses operators that are not ONNX's own"


class ModelInputDoesNotFit(BadInput):
    code, title = "model_input_unfit", "The model's input is not one of images"


class ModelOutputDoesNotFit(BadInput):
    code, title = "model_output_unfit", "The model's output is not what the task decodes"


class ModelClassesDoNotFit(BadInput):
    code, title = "model_classes_unfit", "The model knows another number of classes"


class ModelBatchIsFixed(BadInput):
    code, title = "model_batch_fixed", "The model takes only so many images at once"


class ModelDoesNotRun(BadInput):
    code, title = "model_does_not_run", "ONNX Runtime cannot run the model"


class ModelAnswersNonsense(BadInput):
    code, title = "model_answers_nonsense", "The model's answers cannot be used"
