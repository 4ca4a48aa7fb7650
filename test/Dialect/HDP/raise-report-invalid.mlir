// What goes wrong with a report says so.

// RUN: not hdp-opt %s --hdp-raise-attention="report=%t/no/such/folder.json" 2>&1 | FileCheck %s --check-prefix=FOLDER
// FOLDER: error: cannot write '{{.*}}folder.json': {{.+}}

// RUN: not hdp-opt %s --canonicalize --hdp-raise-report=- 2>&1 | FileCheck %s --check-prefix=FLAG
// FLAG: hdp-opt: error: --hdp-raise-report needs --hdp-raise-pipeline or --hdp-raise-attention

module {}
