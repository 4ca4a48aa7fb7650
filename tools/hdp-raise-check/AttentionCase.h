//===- AttentionCase.h - random attention, or nearly it ---------*- C++ -*-===//
//
// A case is a function that computes attention in one of many spellings, or
// something that differs from attention in one thing. It follows from a seed
// and a number alone.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_TOOLS_HDP_RAISE_CHECK_ATTENTIONCASE_H
#define HDP_TOOLS_HDP_RAISE_CHECK_ATTENTIONCASE_H

#include "hdp/Execution/RandomInputs.h"
#include <optional>
#include <string>
#include <vector>

namespace hdp::check {

/// What raising should do. Results have to agree in any case.
enum class Expectation {
  Raised,  ///< attention: raised, or refused for one of `allowedReasons`
  Either,  ///< attention with other operands than it seems, or too odd to tell
  Refused, ///< no attention
};

struct Case {
  /// The function's name, `case_K`.
  std::string name;
  /// The function.
  std::string text;
  ArgumentShapes shapes;
  Expectation expectation = Expectation::Raised;
  std::vector<std::string> allowedReasons;
  /// What was chosen, `scale=on queries`.
  std::vector<std::string> axes;
};

Case makeCase(uint64_t seed, uint64_t number);

} // namespace hdp::check

#endif // HDP_TOOLS_HDP_RAISE_CHECK_ATTENTIONCASE_H
