//===- PredictTest.cpp - ties, NaN, several predictions -------------------===//

#include "hdp/Execution/Predict.h"
#include "Support/TestTensors.h"
#include <cmath>

using namespace hdp;
using namespace hdp::test;

using Classes = std::vector<int64_t>;

TEST(Predict, LowestIndexOnATie) {
  EXPECT_EQ(predict(makeTensor<float>(ElementType::F32, {2, 3},
                                      {1, 4, 4, -1, -1, -2})),
            (Classes{1, 0}));
}

TEST(Predict, NaNIsNeverTheLargest) {
  EXPECT_EQ(predict(makeTensor<float>(ElementType::F32, {3, 2},
                                      {NAN, -3, 2, NAN, NAN, NAN})),
            (Classes{1, 0, 0}));
}

TEST(Predict, OnePredictionForEachRowOfTheLastDimension) {
  EXPECT_EQ(
      predict(makeTensor<int32_t>(ElementType::I32, {1, 2, 2}, {5, 6, 8, 7})),
      (Classes{1, 0}));
  EXPECT_EQ(predict(HostTensor(ElementType::F32, {})), Classes{});
  EXPECT_EQ(predict(HostTensor(ElementType::F32, {3, 0})), Classes{});
}
