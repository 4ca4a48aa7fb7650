//===- RaiseMatch.h - what a recognised attention consists of ---*- C++ -*-===//
//
// The stages between tensor code and `hdp.attention`: a contraction whose one
// operand is a softmax (RaiseMatch), scores that are a scaled product plus
// bias and masks (RaiseScores), uses and operand layouts (RaiseRewrite). Each
// stage either adds to the `Site` or says why it cannot.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_DIALECT_HDP_TRANSFORMS_RAISEMATCH_H
#define HDP_LIB_DIALECT_HDP_TRANSFORMS_RAISEMATCH_H

#include "RaiseExpr.h"
#include "RaiseReport.h"

#include "llvm/ADT/DenseSet.h"

namespace hdp::raise {

/// factor * value, added to the scores.
struct BiasTerm {
  Node *value;
  double factor;
  /// How many biases and masks are between it and the softmax.
  unsigned order;
};

/// The scores are kept where `condition` is `keepWhen`, and are `otherwise`
/// (already scaled; -inf or a large negative number) elsewhere.
struct MaskTerm {
  Node *condition;
  bool keepWhen;
  double otherwise;
  unsigned order;
};

/// softmax as found: exp(scores - max) / sum, with what protects rows that
/// have nothing to attend to.
struct Softmax {
  Node *exponential = nullptr;
  Node *sum = nullptr;
  /// ln of the exponential's base.
  double factor = 1.0;
  Node *scores = nullptr;
  Node *max = nullptr;
  /// Conditions under which the probability is replaced by 0.
  struct Guard {
    Node *condition;
    bool zeroWhen;
  };
  llvm::SmallVector<Guard, 1> guards;
  /// What each guard protects.
  llvm::SmallVector<Node *, 1> guarded;
};

/// One attention, in formulas over the atoms of the value contraction.
struct Site {
  /// The op whose result is replaced: the second contraction, or a division
  /// after it.
  mlir::linalg::LinalgOp values;
  mlir::Operation *scores = nullptr;
  /// The reduction that sums the exponentials.
  mlir::Operation *sum = nullptr;
  Access result;
  Node *query = nullptr, *key = nullptr, *value = nullptr;
  unsigned keyAtom = 0;
  std::optional<unsigned> depthAtom;
  double scale = 1.0;
  /// Other uses of scores and probabilities are no refusal: these stay.
  bool keepExtraUses = false;
  llvm::SmallVector<BiasTerm, 1> biases;
  llvm::SmallVector<MaskTerm, 1> masks;
  /// Scores are cut off below at this value (then -inf biases become it).
  std::optional<double> floor;
  /// How the contraction addresses the scores; the last two dimensions of
  /// an ordinary layout are queries and keys.
  Access probability;
};

/// Why a candidate is left as it is. Codes are listed in docs/Raising.md.
enum class Outcome { NotACandidate, Refused, Matched };

/// Reads `op` as the contraction of a softmax with values. `fromSoftmax`: an
/// operand comes from a sum of exponentials, so a failure is worth a remark.
Outcome matchSite(Expr &expr, mlir::linalg::LinalgOp op, bool fromSoftmax,
                  Site &site, Refusal &refusal);

/// Splits `softmax.scores` into product, scale, bias and masks.
bool matchScores(Expr &expr, const Softmax &softmax, Site &site,
                 Refusal &refusal);

/// Accepts a guard only when it is true of rows without a key to attend to.
bool matchGuards(Expr &expr, const Softmax &softmax, const Site &site,
                 Refusal &refusal);

/// Reports softmaxes and the like under `root` that no contraction led to and
/// that are not in `seen`.
void noticeRest(mlir::Operation *root, SizeFacts &sizes,
                const llvm::DenseSet<mlir::Operation *> &seen,
                llvm::SmallVectorImpl<Refusal> &refusals);

/// Whether `node` contains a product of queries and keys, keys along
/// `keyAtom`; the keys' load.
Node *findKeys(Expr &expr, Node *node, unsigned keyAtom);

/// Everything between the two contractions is used by nothing else.
bool checkUses(const Site &site, Refusal &refusal);

} // namespace hdp::raise

#endif // HDP_LIB_DIALECT_HDP_TRANSFORMS_RAISEMATCH_H
