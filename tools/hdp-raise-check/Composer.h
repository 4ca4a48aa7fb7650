//===- Composer.h - attention put together from choices ---------*- C++ -*-===//

#ifndef HDP_TOOLS_HDP_RAISE_CHECK_COMPOSER_H
#define HDP_TOOLS_HDP_RAISE_CHECK_COMPOSER_H

#include "AttentionCase.h"
#include "TensorWriter.h"

namespace hdp::check {

/// The one thing in which a near miss differs from attention.
enum class Miss {
  None,
#define NEAR_MISS(NAME, TEXT, EXPECTATION) NAME,
#include "NearMisses.def"
};

/// Puts one function together, stage by stage; what a stage does is drawn
/// when it is reached.
class Composer {
public:
  Composer(Random &random, Miss miss);
  Case compose(const std::string &name);

private:
  // Stages.
  void chooseSizes();
  void makeOperands();
  Tensor makeScores();
  Tensor changeScores(Tensor scores);
  Tensor makeOutput(const Tensor &scores);
  Tensor makeProbabilities(const Tensor &scores);

  // Parts of stages.
  Axes chooseGrouping(const std::string &stage);
  Axes argumentAxes(const std::string &batch, const std::string &row,
                    const std::string &depth);
  Tensor makeFactor(const Tensor &tensor, const std::string &row,
                    const std::string &depth, const Axes &grouping);
  Tensor scaleBy(const Tensor &tensor, double factor, const char *where);
  Tensor addBias(const Tensor &scores);
  Tensor maskScores(const Tensor &scores);
  Tensor makeCondition(const Tensor &scores, bool meansKeep, bool fillsRow);
  Tensor maskCausally(const Tensor &scores);
  Tensor missScores(Tensor scores);
  Tensor reduceMax(const Tensor &scores);
  Tensor exponentials(const Tensor &scores, const Tensor *max);
  Tensor divide(const Tensor &exponentials, Tensor sum);
  Tensor guard(const Tensor &scores, const Tensor &probabilities);
  Tensor missProbabilities(Tensor probabilities);
  Axes rowAxes(const Tensor &tensor, const std::string &without) const;
  Axes subsetOf(const Axes &axes, bool withKeys);
  /// The same tensor, its elements at other indices: two labels of equal
  /// extent change places.
  Tensor swapLabels(Tensor tensor, char a, char b) const;
  Tensor maybeDisguise(const Tensor &tensor);
  double lowest() const;

  bool is(Miss other) const { return miss == other; }
  void note(const std::string &axis, const std::string &value) {
    result.axes.push_back(axis + "=" + value);
  }
  void allow(const std::string &reason) {
    result.allowedReasons.push_back(reason);
  }

  Random &random;
  Miss miss;
  FunctionWriter writer;
  Case result;

  std::string labels; ///< of the batch: some of b, h, g
  std::string element, scoreElement, softmaxElement;
  bool subtractsMax = true, hasFiniteMask = false, isBinary = false;
  unsigned noise = 0; ///< percent
  Tensor query, key, value;
  std::vector<Tensor> results;
};

} // namespace hdp::check

#endif // HDP_TOOLS_HDP_RAISE_CHECK_COMPOSER_H
