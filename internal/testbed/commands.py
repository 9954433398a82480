"""Runs many commands of the AWS CLI in one process, which saves the second that it takes to start. Reads JSON lines

  {"file", "key", "region", "service", "operation", "parameters": {"Bucket": "acme"}}

from standard input, the operation and its parameters as the API names them, and writes what the command prints, or else what it
complains, to the file.
"""

import contextlib
import io
import json
import os
import sys

import awscli.botocore
from awscli.clidriver import create_clidriver

os.environ["AWS_MAX_ATTEMPTS"] = "1"  # what moto does not serve it will not serve in a minute either
for line in sys.stdin:
    command = json.loads(line)
    os.environ.update(AWS_ACCESS_KEY_ID=command["key"], AWS_DEFAULT_REGION=command["region"], AWS_REGION=command["region"])
    args = ["--output", "json", "--endpoint-url", os.environ["AWS_ENDPOINT_URL"], command["service"],
            awscli.botocore.xform_name(command["operation"], "-")]
    for name, value in command["parameters"].items():
        args += ["--" + awscli.botocore.xform_name(name, "-")] + (value if isinstance(value, list) else [value])
    out, err = io.TextIOWrapper(io.BytesIO()), io.TextIOWrapper(io.BytesIO())
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = create_clidriver().main(args)
        except SystemExit as wrong_usage:
            raise RuntimeError(f"{args}: {err.buffer.getvalue().decode()}") from wrong_usage
    for stream in out, err:
        stream.flush()
    os.makedirs(os.path.dirname(command["file"]), exist_ok=True)
    with open(command["file"], "wb") as file:
        file.write((err if status else out).buffer.getvalue())
