package load

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/responses"
)

func told(op operation.ID, about map[string]string, body string) responses.Response {
	return responses.Response{Account: "111122223333", Region: "cn-north-1", Operation: op, Parameters: about,
		Outcome: operation.OK, Pages: []json.RawMessage{json.RawMessage(body)}}
}

func value[T any](t *testing.T, what string, k estate.Known[T]) T {
	t.Helper()
	v, ok := k.Value()
	if !ok {
		t.Errorf("%s is not known", what)
	}
	return v
}

func TestKeysAndTables(t *testing.T) {
	t.Parallel()
	key, table := map[string]string{"KeyId": "k1"}, map[string]string{"TableName": "carts"}
	refused := responses.Response{Account: "111122223333", Region: "cn-north-1", Operation: "kms:GetKeyRotationStatus", Parameters: key,
		Outcome: operation.Absent, Code: "UnsupportedOperationException"}
	e, problems := Load(&responses.Set{Responses: []responses.Response{
		told("kms:ListKeys", nil, `{"Keys": [{"KeyId": "k1"}]}`),
		told("kms:DescribeKey", key, `{"KeyMetadata": {"KeyState": "PendingDeletion", "KeyManager": "CUSTOMER", "CustomerMasterKeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY", "DeletionDate": 1796083200.0}}`),
		refused,
		told("dynamodb:ListTables", nil, `{"TableNames": ["carts", "orders"]}`),
		told("dynamodb:DescribeTable", table, `{"Table": {"TableStatus": "ACTIVE", "DeletionProtectionEnabled": true, "SSEDescription": {"SSEType": "KMS", "KMSMasterKeyArn": "arn:aws-cn:kms:cn-north-1:111122223333:key/k1"}}}`),
		told("dynamodb:DescribeContinuousBackups", table, `{"ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"}}}`),
	}})
	if len(problems) > 0 || len(e.Keys) != 1 || len(e.Tables) != 2 {
		t.Fatalf("problems %v, %d keys, %d tables", problems, len(e.Keys), len(e.Tables))
	}
	k := e.Keys[0]
	want := estate.KeyDescription{State: "PendingDeletion", Manager: "CUSTOMER", Spec: "RSA_2048", Usage: "SIGN_VERIFY", Deleted: time.Unix(1796083200, 0).UTC()}
	if diff := cmp.Diff(want, value(t, "key", k.Description)); diff != "" {
		t.Errorf("key (-want +got):\n%s", diff)
	}
	if k.Ref().ARN != "arn:aws-cn:kms:cn-north-1:111122223333:key/k1" || !k.Rotated.Absent() {
		t.Errorf("key is %s and rotation absent %v", k.Ref().ARN, k.Rotated.Absent())
	}
	carts, orders := e.Tables[0], e.Tables[1]
	if d := value(t, "table", carts.Description); d.Status != "ACTIVE" || !d.DeletionProtected || d.KMSKey == "" {
		t.Errorf("table is %+v", d)
	}
	if !carts.Recovery.Absent() {
		t.Error("point-in-time recovery that is off is not absent")
	}
	if gap, unread := orders.Recovery.Unread(); !unread || gap.About != "orders" {
		t.Errorf("point-in-time recovery that nobody asked about: unread %v, gap %v", unread, gap)
	}
}

func TestDatabases(t *testing.T) {
	t.Parallel()
	e, problems := Load(&responses.Set{Responses: []responses.Response{
		told("rds:DescribeDBInstances", nil, `{"DBInstances": [{"DBInstanceIdentifier": "shop", "DbiResourceId": "db-A", "Engine": "postgres", "EngineVersion": "16.4",
			"ReadReplicaSourceDBInstanceIdentifier": "main", "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-2"}, {"VpcSecurityGroupId": "sg-1"}],
			"BackupRetentionPeriod": 7, "LatestRestorableTime": "2026-11-23T11:55:00+00:00", "TagList": [{"Key": "app", "Value": "shop"}]}]}`),
		told("rds:DescribePendingMaintenanceActions", nil, `{"PendingMaintenanceActions": [{"ResourceIdentifier": "arn:aws-cn:rds:cn-north-1:111122223333:db:shop",
			"PendingMaintenanceActionDetails": [{"Action": "system-update", "ForcedApplyDate": "2026-12-01T00:00:00Z"}, {"Action": "ca-certificate-rotation"}]}]}`),
	}})
	if len(problems) > 0 || len(e.DBInstances) != 1 {
		t.Fatalf("problems %v, %d instances", problems, len(e.DBInstances))
	}
	d := e.DBInstances[0]
	if got, want := d.Ref().ARN, "arn:aws-cn:rds:cn-north-1:111122223333:db:shop"; got != want {
		t.Errorf("ARN is %s, want %s", got, want)
	}
	if diff := cmp.Diff([]string{"sg-1", "sg-2"}, d.SecurityGroups); diff != "" || d.ReplicaOf != "main" || value(t, "tags", d.Tags())["app"] != "shop" {
		t.Errorf("instance is %+v", d)
	}
	if got := e.DBInstance(d.Place(), "shop"); got != d {
		t.Errorf("found %v by its name", got)
	}
	place := d.Place()
	want := []estate.PendingMaintenance{
		{Place: place, Of: d.Ref().ARN, Action: "ca-certificate-rotation"},
		{Place: place, Of: d.Ref().ARN, Action: "system-update", Forced: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)},
	}
	if diff := cmp.Diff(want, e.PendingMaintenance); diff != "" {
		t.Errorf("pending maintenance (-want +got):\n%s", diff)
	}
}
