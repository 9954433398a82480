"""Holds responses written by hand against botocore's models of the services.

Reads JSON lines {"place", "service", "command", "parameters", "text"} from standard input, the text being what the AWS CLI would
print, and prints a line for each thing that AWS would not have said: a member that the operation does not return, a value of
another type, an enumeration's value that the model does not list, a parameter that the operation does not take.
"""

import base64
import binascii
import functools
import json
import re
import sys

import botocore
import botocore.session
import botocore.utils

session = botocore.session.Session()
# Values that AWS returns, and says so in the named pages, although its model's enumeration does not list them.
ALSO = {
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InternetGatewayAttachment.html
    "AttachmentStatus": {"available"},
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkInterface.html
    "NetworkInterfaceType": {"nat_gateway"},
}
# The report on a principal is asked for with a job's id; which principal, the call that started the job was told.
STARTED_BY = {"GetServiceLastAccessedDetails": {"Arn"}}
# What a recording keeps of a look into stored objects is ours: facts about the first KiB instead of the bytes, and of listings how many
# there are and whether they stopped at their bound (collect/sample.go).
OURS = {"GetObject": {"Sample"}, "ListObjectsV2": {"Bounded"}, "ListObjectVersions": {"Bounded", "VersionCount"}}
ERROR = re.compile(r"An error occurred \(([A-Za-z0-9._]+)\) when calling the (\w*) ?operation(?: \(reached max retries: [0-9]+\))?: .")


@functools.cache
def operations(service):
    """The service's operations by the AWS CLI's names of them; None if there is no such service."""
    try:
        model = session.get_service_model(service)
    except botocore.exceptions.UnknownServiceError:
        return None
    return {botocore.xform_name(name, "-"): model.operation_model(name) for name in model.operation_names}


def wrong(path, shape, value):
    """Yields what is wrong with the value at the path."""
    kind = shape.type_name
    if kind == "structure":
        if not isinstance(value, dict):
            yield f"{path}: an object is wanted ({shape.name}), this is {show(value)}"
            return
        for name, member in value.items():
            if name in shape.members:
                yield from wrong(f"{path}.{name}", shape.members[name], member)
            else:
                yield f"{path}: {shape.name} has no member {name}"
        if getattr(shape, "is_tagged_union", False) and len(value) > 1:
            yield f"{path}: one member of the union {shape.name} is wanted, this has {', '.join(value)}"
    elif kind == "list":
        if not isinstance(value, list):
            yield f"{path}: an array is wanted ({shape.name}), this is {show(value)}"
            return
        for i, element in enumerate(value):
            yield from wrong(f"{path}[{i}]", shape.member, element)
    elif kind == "map":
        if not isinstance(value, dict):
            yield f"{path}: an object is wanted ({shape.name}), this is {show(value)}"
            return
        for name, member in value.items():
            yield from wrong(f"{path}.{name}", shape.key, name)
            yield from wrong(f"{path}.{name}", shape.value, member)
    elif not plain(shape, value):
        yield f"{path}: {kind} is wanted ({shape.name}), this is {show(value)}"
    elif getattr(shape, "enum", None) and value not in shape.enum and value not in ALSO.get(shape.name, ()):
        yield f"{path}: {show(value)} is not one of {', '.join(shape.enum)}"


def plain(shape, value):
    """Whether the value is one of the shape's type, as the CLI prints it."""
    match shape.type_name:
        case "string" | "character":
            # The CLI prints IAM's policies, which come URL-encoded, as objects.
            return isinstance(value, str) or shape.name == "policyDocumentType" and isinstance(value, dict)
        case "boolean":
            return isinstance(value, bool)
        case "integer" | "long":
            return isinstance(value, int) and not isinstance(value, bool)
        case "float" | "double":
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        case "timestamp":
            try:
                botocore.utils.parse_timestamp(value)
            except (ValueError, TypeError):
                return False
            return not isinstance(value, bool)
        case "blob":
            try:
                base64.b64decode(value, validate=True)
            except (binascii.Error, TypeError):
                return False
            return True
    return False


def show(value):
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


def pages(text):
    """One JSON value, or several one after the other: pages saved as they came."""
    decoder, at = json.JSONDecoder(), 0
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        page, at = decoder.raw_decode(text, at)
        yield from page if isinstance(page, list) else [page]


def check(service, command, parameters, text):
    commands = operations(service)
    if commands is None:
        yield f"botocore knows no service {service}"
        return
    operation = commands.get(command)
    if operation is None:
        yield f"{service} has no operation {command}"
        return
    for name in parameters:
        # The table writes names as most services do; some begin them in lower case.
        if operation.input_shape is None or not {name, name[:1].lower() + name[1:]} & (set(operation.input_shape.members) | STARTED_BY.get(operation.name, set())):
            yield f"{operation.name} takes no parameter {name}"
    text = text.strip()
    if text.startswith("An error occurred"):
        error = ERROR.match(text)
        if not error:
            yield f"not as the AWS CLI words an error: An error occurred (CODE) when calling the {operation.name} operation: ..."
        elif error[2] != operation.name:
            yield f"the error is of {error[2] or 'no operation'}, not of {operation.name}"
        return
    try:
        bodies = list(pages(text))
    except json.JSONDecodeError as err:
        yield f"neither JSON nor an error of the AWS CLI: {err}"
        return
    for body in bodies:
        if operation.output_shape is None:
            yield f"{operation.name} returns nothing"
        else:
            ours = OURS.get(operation.name, set())
            yield from wrong(operation.name, operation.output_shape, {k: v for k, v in body.items() if k not in ours} if isinstance(body, dict) else body)


for line in sys.stdin:
    asked = json.loads(line)
    for problem in check(asked["service"], asked["command"], asked["parameters"], asked["text"]):
        print(f"{asked['place']}: {problem}")
