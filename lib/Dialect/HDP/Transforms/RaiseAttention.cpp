//===- RaiseAttention.cpp - the pass: try every contraction, report -------===//

#include "RaiseRewrite.h"
#include "RaiseSizes.h"

#include "hdp/Dialect/HDP/Transforms/Passes.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/FileSystem.h"

namespace hdp {
#define GEN_PASS_DEF_HDPRAISEATTENTION
#include "hdp/Dialect/HDP/Transforms/Passes.h.inc"
} // namespace hdp

using namespace mlir;
using namespace hdp;
using namespace hdp::raise;

/// Erases `op` and what only it needed.
static void eraseDead(IRRewriter &rewriter, Operation *op) {
  llvm::SetVector<Operation *> worklist;
  worklist.insert(op);
  while (!worklist.empty()) {
    Operation *next = worklist.pop_back_val();
    if (!isOpTriviallyDead(next))
      continue;
    next->walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        if (Operation *def = operand.getDefiningOp())
          if (!next->isAncestor(def))
            worklist.insert(def);
    });
    rewriter.eraseOp(next);
  }
}

static std::string functionOf(Operation *op) {
  auto function = op->getParentOfType<FunctionOpInterface>();
  return function ? function.getName().str() : std::string();
}

namespace {
struct RaiseAttention : hdp::impl::HDPRaiseAttentionBase<RaiseAttention> {
  using HDPRaiseAttentionBase::HDPRaiseAttentionBase;

  void runOnOperation() override {
    Report result;
    SmallVector<linalg::LinalgOp> contractions;
    getOperation()->walk([&](linalg::LinalgOp op) {
      if (op.getNumReductionLoops() > 0 && op.getNumDpsInputs() >= 2 &&
          op.hasPureTensorSemantics())
        contractions.push_back(op);
    });
    SizeFacts facts;
    sizes = &facts;
    IRRewriter rewriter(&getContext());
    for (linalg::LinalgOp op : contractions)
      tryRaise(rewriter, op, result);
    numRaised += result.raised;
    numRefused += result.refused.size();
    if (!report.empty() && failed(writeReport(result)))
      signalPassFailure();
  }

private:
  SizeFacts *sizes = nullptr;

  void tryRaise(IRRewriter &rewriter, linalg::LinalgOp op, Report &result) {
    Expr expr(*sizes);
    Site site;
    Location location = op.getLoc();
    Refusal refusal(location);
    refusal.function = functionOf(op);
    Outcome outcome = matchSite(expr, op, site, refusal);
    if (outcome == Outcome::NotACandidate)
      return;
    if (outcome == Outcome::Matched &&
        rewriteSite(rewriter, expr, site, refusal)) {
      ++result.raised;
      remarkRaised(location, refusal.function, "raised to hdp.attention");
      eraseDead(rewriter, op);
      return;
    }
    remarkRefused(refusal);
    result.refused.push_back(refusal);
  }

  LogicalResult writeReport(const Report &result) {
    std::error_code error;
    llvm::raw_fd_ostream os(report, error);
    if (error)
      return getOperation()->emitError()
             << "cannot write '" << report << "': " << error.message();
    result.writeJson(os);
    return success();
  }
};
} // namespace
