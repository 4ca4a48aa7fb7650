//===- SetPolicy.cpp - the user's choice of pruning -----------------------===//

#include "hdp/Dialect/HDP/Transforms/Passes.h"
#include "llvm/ADT/SmallBitVector.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace hdp;

namespace hdp {
#define GEN_PASS_DEF_HDPSETPOLICY
#include "hdp/Dialect/HDP/Transforms/Passes.h.inc"
} // namespace hdp

namespace {

/// Inclusive ranges of layer numbers; none means every layer.
using LayerRanges = SmallVector<std::pair<unsigned, unsigned>>;

/// Reads `3` or `3-5`.
FailureOr<std::pair<unsigned, unsigned>> parseRange(StringRef text) {
  auto [first, last] = text.split('-');
  std::pair<unsigned, unsigned> range;
  if (first.getAsInteger(10, range.first))
    return failure();
  range.second = range.first;
  if (text.contains('-') && last.getAsInteger(10, range.second))
    return failure();
  if (range.second < range.first)
    return failure();
  return range;
}

struct SetPolicy : hdp::impl::HDPSetPolicyBase<SetPolicy> {
  using HDPSetPolicyBase::HDPSetPolicyBase;

  LogicalResult initialize(MLIRContext *context) override {
    auto emitAtUnknown = [&] { return emitError(UnknownLoc::get(context)); };
    ranges.clear();
    attr = PolicyAttr();
    for (const std::string &text : layers) {
      FailureOr<std::pair<unsigned, unsigned>> range = parseRange(text);
      if (failed(range))
        return emitAtUnknown() << "expected a layer or a range such as 3-5, "
                                  "found '"
                               << text << "'";
      ranges.push_back(*range);
    }
    if (policy == "exact")
      return success();
    if (policy.empty())
      return emitAtUnknown()
             << "expected a policy (exact, paper or compensated), found none";
    FailureOr<PolicyAttr> parsed = parsePolicy(context, policy, emitAtUnknown);
    if (failed(parsed))
      return failure();
    attr = *parsed;
    return success();
  }

  void runOnOperation() override {
    unsigned layer = 0;
    WalkResult result = getOperation().walk([&](AttentionOp op) {
      unsigned number = layer++;
      if (!isSelected(number))
        return WalkResult::advance();
      if (!attr) {
        op.removePolicyAttr();
        ++numExact;
        return WalkResult::advance();
      }
      op.setPolicyAttr(attr);
      ++numSet;
      // The verifier checks N0; a pass manager without verification would not.
      return failed(op.verify()) ? WalkResult::interrupt()
                                 : WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    warnOfAbsentLayers(layer);
  }

private:
  /// A function without attention is no model, so nothing is missing there.
  void warnOfAbsentLayers(unsigned numLayers) {
    for (auto [first, last] : ranges)
      if (numLayers != 0 && last >= numLayers)
        mlir::emitWarning(getOperation().getLoc())
            << "expected layers below " << numLayers << ", found " << last;
  }

  bool isSelected(unsigned layer) const {
    return ranges.empty() || llvm::any_of(ranges, [&](auto range) {
             return range.first <= layer && layer <= range.second;
           });
  }

  LayerRanges ranges;
  PolicyAttr attr;
};

} // namespace
