// Command onus reads AWS accounts and answers the sentences that their owners believe.
package main

import (
	"context"
	"os"

	"github.com/onus-cloud/onus/internal/cli"
)

func main() {
	os.Exit(cli.Main(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
