"""ask.py SECONDS SERVICE.method...: calls each operation with boto3, waiting so long for an answer and without retries, and prints
what boto3 understood, one JSON a line: the AWS error code, or the kind of exception, or for a listing how many elements its pages
have."""

import json
import sys

import boto3
import botocore.config
import botocore.exceptions

config = botocore.config.Config(retries={"max_attempts": 0}, read_timeout=int(sys.argv[1]))
arguments = {"get_bucket_policy": {"Bucket": "acme"}, "list_web_acls": {"Scope": "REGIONAL"},
             "get_public_access_block": {"AccountId": "123456789012"}, "get_backup_plan": {"BackupPlanId": "plan"}}

for name in sys.argv[2:]:
    service, method = name.split(".")
    client = boto3.client(service, config=config)
    try:
        if client.can_paginate(method):
            pages = client.get_paginator(method).paginate()
            print(json.dumps([len(pages.result_keys[0].search(page)) for page in pages]))
        else:
            getattr(client, method)(**arguments.get(method, {}))
            print(json.dumps("answered"))
    except botocore.exceptions.ClientError as err:
        print(json.dumps(err.response["Error"]["Code"]))
    except Exception as err:
        print(json.dumps(type(err).__name__))
