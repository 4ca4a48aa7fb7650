//===- GoldenCall.h - golden vectors as calls -------------------*- C++ -*-===//
//
// Reads the files of $HDP_DATA_DIR/golden: the call that each describes, and
// every tensor that it expects.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_TEST_UNIT_NUMERICS_GOLDENCALL_H
#define HDP_TEST_UNIT_NUMERICS_GOLDENCALL_H

#include "AttentionCall.h"
#include "hdp/Support/TensorFile.h"

namespace hdp {
namespace test {

/// The golden files, sorted; empty when the data is not there. Without
/// HDP_DATA_DIR in the environment `defaultFolder` is searched.
std::vector<std::string> findGoldenFiles(const char *defaultFolder);

/// The call of a golden file.
AttentionCall readCall(const TensorFile &file);

/// The intermediates that a golden file holds, without `x.`.
AttentionResult readExpected(const TensorFile &file);

} // namespace test
} // namespace hdp

#endif // HDP_TEST_UNIT_NUMERICS_GOLDENCALL_H
