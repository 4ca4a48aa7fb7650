//===- EdgeInputs.cpp - tensors that lie where rules decide ---------------===//

#include "EdgeInputs.h"
#include <algorithm>
#include <cmath>
#include <limits>

using namespace hdp;

int64_t EdgeInputs::drawBetween(int64_t low, int64_t high) {
  return std::uniform_int_distribution<int64_t>(low, high)(random);
}

int64_t EdgeInputs::drawLength(int64_t most) {
  int64_t length = drawBetween(1, most);
  switch (drawBetween(0, 2)) {
  case 0:
    length = drawBetween(1, 5);
    break;
  case 1:
    length = drawBetween(1, 17) * (int64_t(1) << drawBetween(3, 6)) +
             drawBetween(-1, 1);
    break;
  default:
    break;
  }
  return std::min(length, most);
}

/// A code, or half a step beside one.
double EdgeInputs::drawCode(int64_t kind, const EdgeFormat &format) {
  int64_t low = format.low, high = format.high;
  int64_t one = int64_t(1) << format.fractionBits;
  auto any = [&] { return double(drawBetween(low, high)); };
  switch (kind) {
  case 0: // integers: ties
    return double(one * drawBetween(-1, 1));
  case 1:
    return double(one * drawBetween(0, 1));
  case 2:
    return any();
  case 3: // the borders, and one beyond
    return double(drawBetween(0, 1) ? high + drawBetween(-1, 1)
                                    : low + drawBetween(-1, 1));
  case 4: // midpoints of rounding
    return any() + 0.5;
  case 5: // powers of two
    return std::ldexp(drawBetween(0, 1) ? 1.0 : -1.0,
                      int(drawBetween(-2, 3 + format.fractionBits)));
  case 6: // far beyond either border
    return (drawBetween(0, 1) ? 1e4 : -1e4) * double(one);
  case 7: // seldom anything
    return drawBetween(0, 30) ? 0.0 : any();
  case 8: // N2's midpoints between integer parts
    return double(one * drawBetween(-3, 3) + one / 2 - drawBetween(0, 1));
  case 9:
    return double(low);
  case 10:
    return double(high);
  case 11: // any magnitude
    return std::ldexp(any(), int(drawBetween(-40, 40)));
  default:
    return std::normal_distribution<>(0.0, double(high) / 4)(random);
  }
}

/// Equal rows, rows of one direction, a few rows that stand out.
void EdgeInputs::arrangeRows(llvm::MutableArrayRef<float> head,
                             int64_t columns) {
  int64_t rows = int64_t(head.size()) / columns;
  int64_t kind = drawBetween(0, 9);
  int64_t period = int64_t(1) << drawBetween(0, 5);
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0; column < columns; ++column) {
      float &x = head[row * columns + column];
      if (kind == 0) // repeated
        x = head[row % period * columns + column];
      else if (kind == 1) // signs change
        x = row % 2 ? -head[column] : head[column];
      else if (kind == 2) // smaller and smaller
        x = std::ldexp(x, int(-(row / period) % 24));
      else if (kind == 3 && row % 37 != 5) // most are zero
        x = 0.0f;
      else if (kind == 4) // constant
        x = head[0];
    }
}

void EdgeInputs::fillHead(llvm::MutableArrayRef<float> head, int64_t columns,
                          const EdgeFormat &format) {
  int64_t kind = drawBetween(0, 14);
  double unit = std::ldexp(1.0, int(-format.fractionBits) - format.exponent);
  for (float &x : head)
    x = float(drawCode(kind, format) * unit);
  arrangeRows(head, columns);
  constexpr float infinity = std::numeric_limits<float>::infinity();
  auto anywhere = [&]() -> float & {
    return head[size_t(drawBetween(0, int64_t(head.size()) - 1))];
  };
  switch (drawBetween(0, 11)) {
  case 0: // one step beside
    for (float &x : head)
      x = std::nextafter(x, drawBetween(0, 1) ? infinity : -infinity);
    break;
  case 1: { // what is not a number, or hardly one
    float special[] = {std::numeric_limits<float>::quiet_NaN(),
                       infinity,
                       -infinity,
                       std::numeric_limits<float>::max(),
                       std::numeric_limits<float>::denorm_min(),
                       std::numeric_limits<float>::min(),
                       -0.0f};
    for (int64_t n = drawBetween(1, 3); n > 0; --n)
      anywhere() = special[drawBetween(0, 6)];
    break;
  }
  case 2: { // the largest decides the exponent, by a hair
    float top = float((double(format.high) + drawBetween(-1, 1) * 0.5) * unit);
    anywhere() = std::nextafter(top, float(drawBetween(-1, 1)) * infinity);
    break;
  }
  case 3: // both ends of f32
    for (float &x : head)
      x = float(double(x) * (drawBetween(0, 1) ? 1e-41 : 1e36));
    break;
  case 4:
    std::fill(head.begin(), head.end(), drawBetween(0, 1) ? 0.0f : -0.0f);
    break;
  default:
    break;
  }
}

HostTensor EdgeInputs::draw(llvm::ArrayRef<int64_t> shape,
                            const EdgeFormat &format) {
  HostTensor tensor(ElementType::F32, shape);
  int64_t size = tensor.getNumElements() / shape[0];
  for (int64_t head = 0; head < shape[0]; ++head)
    fillHead({tensor.as<float>() + head * size, size_t(size)}, shape[2],
             format);
  return tensor;
}
