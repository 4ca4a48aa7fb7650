//===- Predict.cpp - argmax of the last dimension -------------------------===//

#include "hdp/Execution/Predict.h"
#include "hdp/Support/Convert.h"
#include <cmath>

using namespace hdp;

std::vector<int64_t> hdp::predict(const HostTensor &scores) {
  std::vector<int64_t> predictions;
  if (scores.getRank() == 0 || scores.getNumElements() == 0)
    return predictions;
  int64_t classes = scores.getShape().back();
  for (int64_t row = 0; row < scores.getNumElements(); row += classes) {
    int64_t best = 0;
    double largest = -INFINITY;
    for (int64_t i = 0; i < classes; ++i) {
      double score = getFloatElement(scores, row + i);
      if (score > largest) {
        largest = score;
        best = i;
      }
    }
    predictions.push_back(best);
  }
  return predictions;
}
