//===- RaiseAttention.cpp - the pass: try every contraction, report -------===//

#include "RaiseFrontend.h"
#include "RaiseRewrite.h"
#include "RaiseSizes.h"

#include "hdp/Dialect/HDP/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

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

/// A sum of products, by its shape alone.
static bool looksLikeContraction(linalg::LinalgOp op) {
  return op.getNumReductionLoops() > 0 && op.getNumDpsInputs() >= 2;
}

/// Only changes the width of its input.
static bool convertsWidth(linalg::LinalgOp op) {
  return op->getNumRegions() == 1 && op.getNumDpsInputs() == 1 &&
         op.getNumReductionLoops() == 0 &&
         isa<arith::ExtFOp, arith::TruncFOp>(op.getBlock()->front());
}

/// The op that made `value`, behind reshapes, reorderings and width changes.
static Operation *producerOf(Value value) {
  Operation *def = value.getDefiningOp();
  while (def) {
    auto op = dyn_cast<linalg::LinalgOp>(def);
    if (!isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp, tensor::CastOp,
             tensor::ReshapeOp, linalg::TransposeOp>(def) &&
        !(op && convertsWidth(op)))
      break;
    def = def->getOperand(0).getDefiningOp();
  }
  return def;
}

namespace {
struct Candidate {
  linalg::LinalgOp op;
  /// The reduction of exponentials that an operand comes from, if any.
  Operation *sum;
};
} // namespace

/// Contractions an operand of which comes from an exponential without another
/// contraction between, and divisions that follow such a contraction: one walk
/// that spares reading the formulas of everything else. It also counts what it
/// sees.
static SmallVector<Candidate> collectCandidates(Operation *root,
                                                Report &report) {
  SmallVector<Candidate> candidates;
  DenseSet<Operation *> exponential;
  // What comes from a sum of exponentials, and that sum.
  DenseMap<Operation *, Operation *> summed;
  root->walk<WalkOrder::PreOrder>([&](Operation *op) {
    auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
    bool fromOperands = llvm::any_of(op->getOperands(), [&](Value operand) {
      Operation *def = operand.getDefiningOp();
      return def && exponential.contains(def);
    });
    bool contracts = linalgOp && looksLikeContraction(linalgOp);
    if (contracts)
      ++report.in(functionOf(op)).contractions;
    bool inBody = false;
    if (linalgOp || op->hasTrait<OpTrait::Elementwise>())
      op->walk([&](Operation *inner) {
        inBody |= isa<math::ExpOp, math::Exp2Op>(inner);
        if (auto extract = dyn_cast<tensor::ExtractOp>(inner))
          if (Operation *def = extract.getTensor().getDefiningOp())
            fromOperands |= exponential.contains(def);
      });
    if (isa<linalg::SoftmaxOp>(op))
      inBody = true;
    Operation *sum = nullptr;
    for (Value operand : op->getOperands())
      if (Operation *def = operand.getDefiningOp(); def && !sum)
        sum = summed.lookup(def);
    if ((fromOperands || inBody) && !contracts) {
      exponential.insert(op);
      bool sums = isa<linalg::SoftmaxOp>(op) ||
                  (linalgOp && linalgOp.getNumReductionLoops() > 0);
      if (sum || sums)
        summed[op] = sum ? sum : op;
      if (sums && !sum)
        ++report.in(functionOf(op)).softmaxes;
    }
    if (!linalgOp || !(fromOperands || inBody) || op->getNumResults() != 1 ||
        linalgOp.getNumDpsInputs() < 2 || !linalgOp.hasPureTensorSemantics())
      return;
    bool follows = llvm::any_of(op->getOperands(), [](Value operand) {
      auto def = dyn_cast_or_null<linalg::LinalgOp>(producerOf(operand));
      return def && looksLikeContraction(def);
    });
    if (contracts || follows)
      candidates.push_back({linalgOp, contracts ? sum : nullptr});
  });
  return candidates;
}

namespace {
/// The ops that raising made and that still exist.
struct NewOps : RewriterBase::Listener {
  llvm::SetVector<Operation *> ops;
  void notifyOperationInserted(Operation *op,
                               OpBuilder::InsertPoint previous) override {
    if (!previous.isSet())
      ops.insert(op);
  }
  void notifyOperationErased(Operation *op) override { ops.remove(op); }
};
} // namespace

/// Brings the new ops and what uses them to canonical form: reshapes that
/// raising put in front of others, permutations that are the identity.
static void cleanUp(MLIRContext *context, const NewOps &made) {
  llvm::SetVector<Operation *> ops;
  for (Operation *op : made.ops) {
    ops.insert(op);
    for (Operation *user : op->getUsers())
      ops.insert(user);
  }
  RewritePatternSet patterns(context);
  tensor::CollapseShapeOp::getCanonicalizationPatterns(patterns, context);
  tensor::ExpandShapeOp::getCanonicalizationPatterns(patterns, context);
  tensor::CastOp::getCanonicalizationPatterns(patterns, context);
  tensor::DimOp::getCanonicalizationPatterns(patterns, context);
  AttentionOp::getCanonicalizationPatterns(patterns, context);
  (void)applyOpPatternsGreedily(
      ops.getArrayRef(), std::move(patterns),
      GreedyRewriteConfig().setStrictness(
          GreedyRewriteStrictness::ExistingAndNewOps));
}

namespace {
struct RaiseAttention : hdp::impl::HDPRaiseAttentionBase<RaiseAttention> {
  using HDPRaiseAttentionBase::HDPRaiseAttentionBase;

  void runOnOperation() override {
    if (require < -1) {
      mlir::emitError(getOperation()->getLoc(),
                      "expected require of -1 or more, found ")
          << int64_t(require);
      return signalPassFailure();
    }
    Report result;
    seen.clear();
    SmallVector<Candidate> candidates =
        collectCandidates(getOperation(), result);
    SizeFacts facts;
    sizes = &facts;
    NewOps made;
    IRRewriter rewriter(&getContext(), &made);
    convertFrontendOps(rewriter, result);
    for (const Candidate &candidate : candidates)
      tryRaise(rewriter, candidate, result);
    cleanUp(&getContext(), made);
    size_t numTried = result.refused.size();
    noticeRest(getOperation(), facts, seen, result.refused);
    for (const Refusal &refusal : ArrayRef(result.refused).drop_front(numTried))
      remarkRefused(refusal);
    if (result.raised == 0)
      markAllAnalysesPreserved();
    numRaised += result.raised;
    numRefused += result.refused.size();
    for (const Refusal &refusal : result.refused)
      ++result.in(refusal.function).refused;
    if (!report.empty() && failed(writeReport(result)))
      return signalPassFailure();
    if (require >= 0 && static_cast<unsigned>(require) != result.raised) {
      emitError(getOperation()->getLoc())
          << "expected " << int64_t(require) << " attentions raised, found "
          << result.raised << " and " << result.refused.size() << " refused";
      signalPassFailure();
    }
  }

private:
  SizeFacts *sizes = nullptr;
  /// Softmaxes that a contraction led to.
  DenseSet<Operation *> seen;

  /// Attention that a front end kept as an op of its own.
  void convertFrontendOps(IRRewriter &rewriter, Report &result) {
    SmallVector<Operation *> ops;
    getOperation()->walk([&](Operation *op) {
      if (isFrontendAttention(op))
        ops.push_back(op);
    });
    for (Operation *op : ops) {
      Location location = op->getLoc();
      Refusal refusal(location);
      refusal.function = functionOf(op);
      if (convertFrontendAttention(rewriter, op, refusal)) {
        ++result.raised;
        ++result.in(refusal.function).raised;
        remarkRaised(location, refusal.function, "converted to hdp.attention");
        continue;
      }
      remarkRefused(refusal);
      result.refused.push_back(refusal);
    }
  }

  void tryRaise(IRRewriter &rewriter, const Candidate &candidate,
                Report &result) {
    linalg::LinalgOp op = candidate.op;
    Expr expr(*sizes);
    Site site;
    site.keepExtraUses = keepExtraUses;
    Location location = op.getLoc();
    Refusal refusal(location);
    refusal.function = functionOf(op);
    Outcome outcome =
        matchSite(expr, op, candidate.sum != nullptr, site, refusal);
    if (outcome == Outcome::NotACandidate)
      return;
    if (outcome == Outcome::Matched &&
        rewriteSite(rewriter, expr, site, refusal)) {
      ++result.raised;
      ++result.in(refusal.function).raised;
      remarkRaised(location, refusal.function, "raised to hdp.attention");
      eraseDead(rewriter, op);
      return;
    }
    for (Operation *sum : {site.sum, candidate.sum})
      if (sum)
        seen.insert(sum);
    remarkRefused(refusal);
    result.refused.push_back(refusal);
  }

  LogicalResult writeReport(const Report &result) {
    auto write = [&](raw_ostream &os) {
      if (reportFormat == ReportFormat::Text)
        result.writeText(os);
      else
        result.writeJson(os);
      return llvm::Error::success();
    };
    if (llvm::Error error = llvm::writeToOutput(report, write))
      return emitError(getOperation()->getLoc())
             << "cannot write '" << report
             << "': " << llvm::toString(std::move(error));
    return success();
  }
};
} // namespace
