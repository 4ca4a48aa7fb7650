//===- RandomInputs.cpp - seeded normal floats and small integers ---------===//

#include "hdp/Execution/RandomInputs.h"
#include "hdp/Support/Convert.h"
#include "hdp/Support/Error.h"
#include "hdp/Support/TensorFile.h"
#include <cmath>
#include <random>

using namespace hdp;

llvm::Error hdp::parseArgumentShape(llvm::StringRef text,
                                    ArgumentShapes &shapes) {
  auto refuse = [&](const llvm::Twine &what) {
    return makeError("shape '" + text + "': " + what);
  };
  auto [indexText, sizesText] = text.split(':');
  int64_t index = 0;
  if (indexText.getAsInteger(10, index) || index < 0 || sizesText.empty())
    return refuse("expected INDEX:SIZExSIZE.., such as 0:2x16x64");
  llvm::SmallVector<int64_t, 4> shape;
  llvm::SmallVector<llvm::StringRef> sizes;
  sizesText.split(sizes, 'x');
  for (llvm::StringRef sizeText : sizes) {
    int64_t size = 0;
    if (sizeText.getAsInteger(10, size))
      return refuse("expected INDEX:SIZExSIZE.., such as 0:2x16x64");
    if (size < 1)
      return refuse("expected sizes of at least 1, found " + llvm::Twine(size));
    shape.push_back(size);
  }
  if (!shapes.try_emplace(index, shape).second)
    return refuse("argument " + llvm::Twine(index) + " has a shape already");
  return llvm::Error::success();
}

namespace {
/// Numbers that are the same with every C++ library (the standard's
/// distributions are not).
class Generator {
public:
  Generator(uint64_t seed, uint64_t argument) {
    std::seed_seq sequence{static_cast<uint32_t>(seed),
                           static_cast<uint32_t>(seed >> 32),
                           static_cast<uint32_t>(argument)};
    engine.seed(sequence);
  }

  bool flip() { return engine() >> 63; }

  /// Box-Muller, one of its two numbers.
  double normal() {
    double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return radius * std::cos(6.283185307179586 * uniform());
  }

private:
  /// In [0, 1), 53 bits.
  double uniform() { return static_cast<double>(engine() >> 11) * 0x1p-53; }

  std::mt19937_64 engine;
};
} // namespace

static void fill(HostTensor &tensor, Generator generator, double weightScale) {
  bool isWeight = tensor.getRank() == 1 || tensor.getRank() == 2;
  auto nextFloat = [&] {
    return generator.normal() * (isWeight ? weightScale : 1.0);
  };
  for (int64_t i = 0, e = tensor.getNumElements(); i < e; ++i) {
    switch (tensor.getElementType()) {
    case ElementType::I1:
    case ElementType::U8:
    case ElementType::I8:
      tensor.as<uint8_t>()[i] = generator.flip();
      break;
    case ElementType::I16:
      tensor.as<int16_t>()[i] = generator.flip();
      break;
    case ElementType::I32:
      tensor.as<int32_t>()[i] = generator.flip();
      break;
    case ElementType::I64:
      tensor.as<int64_t>()[i] = generator.flip();
      break;
    case ElementType::F16:
      tensor.as<uint16_t>()[i] = floatToHalf(static_cast<float>(nextFloat()));
      break;
    case ElementType::BF16:
      tensor.as<uint16_t>()[i] = floatToBFloat(static_cast<float>(nextFloat()));
      break;
    case ElementType::F32:
      tensor.as<float>()[i] = static_cast<float>(nextFloat());
      break;
    case ElementType::F64:
      tensor.as<double>()[i] = nextFloat();
      break;
    }
  }
}

llvm::Expected<std::vector<HostTensor>>
hdp::makeRandomArguments(llvm::ArrayRef<ValueType> types,
                         const ArgumentShapes &shapes, uint64_t seed,
                         double weightScale) {
  for (const auto &[index, shape] : shapes)
    if (static_cast<size_t>(index) >= types.size())
      return makeError("shape of argument " + llvm::Twine(index) +
                       ": the function has " + llvm::Twine(types.size()) +
                       " arguments");
  std::vector<HostTensor> arguments;
  arguments.reserve(types.size()); // growing would copy them all
  for (size_t i = 0; i < types.size(); ++i) {
    const ValueType &type = types[i];
    llvm::SmallVector<int64_t, 4> shape = type.shape;
    for (int64_t &size : shape)
      size = size < 0 ? kDefaultDynamicSize : size;
    auto given = shapes.find(i);
    if (given != shapes.end())
      shape = given->second;
    ValueType found{type.elementType, shape};
    if (!accepts(type, type.elementType, shape))
      return makeError("shape of argument " + llvm::Twine(i) + ": expected " +
                       formatType(type) + ", found " + formatType(found));
    if (!computeNumBytes(type.elementType, shape))
      return makeError("shape of argument " + llvm::Twine(i) + ": " +
                       formatType(found) + " does not fit 63 bits");
    HostTensor tensor(type.elementType, shape);
    fill(tensor, Generator(seed, i), weightScale);
    arguments.push_back(std::move(tensor));
  }
  return arguments;
}
