//===- Encoder.cpp - linalg text of an encoder ----------------------------===//

#include "Encoder.h"
#include "hdp/Support/Error.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>
#include <random>

using namespace hdp;
using namespace hdp::bench;

namespace {
using Shape = llvm::SmallVector<int64_t, 4>;

/// An SSA value with its shape; all elements are f32.
struct Tensor {
  std::string name;
  Shape shape;
};

std::string typeOf(const Shape &shape) {
  std::string text = "tensor<";
  for (int64_t size : shape)
    text += std::to_string(size) + "x";
  return text + "f32>";
}

struct Parameter {
  std::string name;
  Shape shape;
};

class EncoderWriter {
public:
  explicit EncoderWriter(const EncoderShape &shape) : shape(shape), os(body) {}

  std::string write();
  std::vector<Parameter> getParameters() const;

private:
  std::string fresh() { return "%" + std::to_string(next++); }
  Tensor parameter(llvm::StringRef name, int64_t layer, Shape sizes) {
    return {("%" + name + "_" + llvm::Twine(layer)).str(), std::move(sizes)};
  }

  Tensor empty(const Shape &sizes);
  Tensor fill(llvm::StringRef value, const Shape &sizes);
  /// A linalg op of matrices: `kind` a, b.
  Tensor product(llvm::StringRef kind, const Tensor &a, const Tensor &b,
                 const Shape &sizes);
  /// A generic over `loops` dimensions, of which the last is a reduction if
  /// the result has fewer. `dims` says which an operand has; `text` computes
  /// `%r` from `%a0`, `%a1`, .. and, in a reduction, `%acc`.
  Tensor generic(llvm::ArrayRef<std::pair<Tensor, Shape>> operands,
                 const Tensor &init, int64_t loops, llvm::StringRef text);
  Tensor transpose(const Tensor &x, const Shape &permutation);
  Tensor reshape(llvm::StringRef op, const Tensor &x, const Shape &sizes);

  Tensor linear(const Tensor &x, llvm::StringRef weight, llvm::StringRef bias,
                int64_t layer, int64_t columns);
  Tensor attention(const Tensor &x, int64_t layer);
  Tensor softmax(const Tensor &x);
  Tensor normalise(const Tensor &x, llvm::StringRef gain, llvm::StringRef bias,
                   int64_t layer);

  const EncoderShape &shape;
  std::string body;
  llvm::raw_string_ostream os;
  int next = 0;
};
} // namespace

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

Tensor EncoderWriter::empty(const Shape &sizes) {
  Tensor x = {fresh(), sizes};
  os << "  " << x.name << " = tensor.empty() : " << typeOf(sizes) << "\n";
  return x;
}

Tensor EncoderWriter::fill(llvm::StringRef value, const Shape &sizes) {
  Tensor init = empty(sizes), x = {fresh(), sizes};
  os << "  " << x.name << " = linalg.fill ins(" << value << " : f32) outs("
     << init.name << " : " << typeOf(sizes) << ") -> " << typeOf(sizes) << "\n";
  return x;
}

Tensor EncoderWriter::product(llvm::StringRef kind, const Tensor &a,
                              const Tensor &b, const Shape &sizes) {
  Tensor init = fill("%zero", sizes), x = {fresh(), sizes};
  os << "  " << x.name << " = " << kind << " ins(" << a.name << ", " << b.name
     << " : " << typeOf(a.shape) << ", " << typeOf(b.shape) << ") outs("
     << init.name << " : " << typeOf(sizes) << ") -> " << typeOf(sizes) << "\n";
  return x;
}

Tensor EncoderWriter::generic(llvm::ArrayRef<std::pair<Tensor, Shape>> operands,
                              const Tensor &init, int64_t loops,
                              llvm::StringRef text) {
  auto map = [&](const Shape &dims) {
    std::string from, to;
    for (int64_t d = 0; d < loops; ++d)
      from += (d ? ", d" : "d") + std::to_string(d);
    for (size_t d = 0; d < dims.size(); ++d)
      to += (d ? ", d" : "d") + std::to_string(dims[d]);
    return "affine_map<(" + from + ") -> (" + to + ")>";
  };
  std::string maps, names, types, arguments, iterators;
  for (size_t i = 0; i < operands.size(); ++i) {
    llvm::StringRef comma = i ? ", " : "";
    maps += map(operands[i].second) + ", ";
    names += (comma + operands[i].first.name).str();
    types += (comma + typeOf(operands[i].first.shape)).str();
    arguments += "%a" + std::to_string(i) + ": f32, ";
  }
  Shape outDims;
  for (size_t d = 0; d < init.shape.size(); ++d)
    outDims.push_back(int64_t(d));
  for (int64_t d = 0; d < loops; ++d)
    iterators +=
        std::string(d ? ", " : "") +
        (d < int64_t(outDims.size()) ? "\"parallel\"" : "\"reduction\"");
  Tensor x = {fresh(), init.shape};
  os << "  " << x.name << " = linalg.generic {indexing_maps = [" << maps
     << map(outDims) << "], iterator_types = [" << iterators << "]} ins("
     << names << " : " << types << ") outs(" << init.name << " : "
     << typeOf(init.shape) << ") {\n  ^bb0(" << arguments << "%acc: f32):\n"
     << text << "    linalg.yield %r : f32\n  } -> " << typeOf(init.shape)
     << "\n";
  return x;
}

Tensor EncoderWriter::transpose(const Tensor &x, const Shape &permutation) {
  Shape sizes;
  for (int64_t d : permutation)
    sizes.push_back(x.shape[d]);
  Tensor init = empty(sizes), y = {fresh(), sizes};
  os << "  " << y.name << " = linalg.transpose ins(" << x.name << " : "
     << typeOf(x.shape) << ") outs(" << init.name << " : " << typeOf(sizes)
     << ") permutation = [" << permutation[0] << ", " << permutation[1] << ", "
     << permutation[2] << "]\n";
  return y;
}

Tensor EncoderWriter::reshape(llvm::StringRef op, const Tensor &x,
                              const Shape &sizes) {
  Tensor y = {fresh(), sizes};
  os << "  " << y.name << " = tensor." << op << " " << x.name
     << " [[0], [1, 2]] ";
  if (op == "expand_shape")
    os << "output_shape [" << sizes[0] << ", " << sizes[1] << ", " << sizes[2]
       << "] ";
  os << ": " << typeOf(x.shape) << " into " << typeOf(sizes) << "\n";
  return y;
}

//===----------------------------------------------------------------------===//
// Parts of a layer
//===----------------------------------------------------------------------===//

static const char kAdd[] = "    %r = arith.addf %a0, %a1 : f32\n";

Tensor EncoderWriter::linear(const Tensor &x, llvm::StringRef weight,
                             llvm::StringRef bias, int64_t layer,
                             int64_t columns) {
  Shape sizes = {x.shape[0], columns};
  Tensor y = product("linalg.matmul", x,
                     parameter(weight, layer, {x.shape[1], columns}), sizes);
  return generic({{y, {0, 1}}, {parameter(bias, layer, {columns}), {1}}},
                 empty(sizes), 2, kAdd);
}

Tensor EncoderWriter::softmax(const Tensor &x) {
  Shape rows = {x.shape[0], x.shape[1]};
  Tensor most = generic({{x, {0, 1, 2}}}, fill("%least", rows), 3,
                        "    %r = arith.maximumf %a0, %acc : f32\n");
  Tensor e = generic({{x, {0, 1, 2}}, {most, {0, 1}}}, empty(x.shape), 3,
                     "    %s = arith.subf %a0, %a1 : f32\n"
                     "    %t = arith.mulf %s, %scale : f32\n"
                     "    %r = math.exp %t : f32\n");
  Tensor sum = generic({{e, {0, 1, 2}}}, fill("%zero", rows), 3,
                       "    %r = arith.addf %a0, %acc : f32\n");
  return generic({{e, {0, 1, 2}}, {sum, {0, 1}}}, empty(x.shape), 3,
                 "    %r = arith.divf %a0, %a1 : f32\n");
}

Tensor EncoderWriter::attention(const Tensor &x, int64_t layer) {
  int64_t rows = x.shape[0], columns = x.shape[1];
  Shape split = {rows, shape.heads, shape.headDim()};
  auto project = [&](llvm::StringRef weight, llvm::StringRef bias,
                     const Shape &permutation) {
    Tensor y = linear(x, weight, bias, layer, columns);
    return transpose(reshape("expand_shape", y, split), permutation);
  };
  Tensor q = project("wq", "bq", {1, 0, 2});
  Tensor k = project("wk", "bk", {1, 2, 0});
  Tensor v = project("wv", "bv", {1, 0, 2});
  Tensor scores =
      product("linalg.batch_matmul", q, k, {shape.heads, rows, rows});
  Tensor out = product("linalg.batch_matmul", softmax(scores), v,
                       {shape.heads, rows, shape.headDim()});
  Tensor joined = reshape("collapse_shape", transpose(out, {1, 0, 2}), x.shape);
  return linear(joined, "wo", "bo", layer, columns);
}

Tensor EncoderWriter::normalise(const Tensor &x, llvm::StringRef gain,
                                llvm::StringRef bias, int64_t layer) {
  int64_t rows = x.shape[0], columns = x.shape[1];
  Tensor mean = generic({{x, {0, 1}}}, fill("%zero", {rows}), 2,
                        "    %t = arith.mulf %a0, %inverse : f32\n"
                        "    %r = arith.addf %t, %acc : f32\n");
  Tensor variance =
      generic({{x, {0, 1}}, {mean, {0}}}, fill("%zero", {rows}), 2,
              "    %c = arith.subf %a0, %a1 : f32\n"
              "    %q = arith.mulf %c, %c : f32\n"
              "    %t = arith.mulf %q, %inverse : f32\n"
              "    %r = arith.addf %t, %acc : f32\n");
  return generic({{x, {0, 1}},
                  {mean, {0}},
                  {variance, {0}},
                  {parameter(gain, layer, {columns}), {1}},
                  {parameter(bias, layer, {columns}), {1}}},
                 empty(x.shape), 2,
                 "    %c = arith.subf %a0, %a1 : f32\n"
                 "    %w = arith.addf %a2, %epsilon : f32\n"
                 "    %i = math.rsqrt %w : f32\n"
                 "    %n = arith.mulf %c, %i : f32\n"
                 "    %g = arith.mulf %n, %a3 : f32\n"
                 "    %r = arith.addf %g, %a4 : f32\n");
}

static const char kGelu[] = "    %s = arith.mulf %a0, %rootHalf : f32\n"
                            "    %e = math.erf %s : f32\n"
                            "    %o = arith.addf %e, %one : f32\n"
                            "    %h = arith.mulf %a0, %half : f32\n"
                            "    %r = arith.mulf %h, %o : f32\n";

std::vector<Parameter> EncoderWriter::getParameters() const {
  int64_t d = shape.hidden, f = shape.inner;
  std::vector<Parameter> all = {{"x", {shape.length, d}}};
  for (int64_t layer = 0; layer < shape.layers; ++layer) {
    std::string suffix = "_" + std::to_string(layer);
    for (const char *name : {"wq", "wk", "wv", "wo"})
      all.push_back({name + suffix, {d, d}});
    for (const char *name : {"bq", "bk", "bv", "bo", "g1", "h1", "g2", "h2"})
      all.push_back({name + suffix, {d}});
    all.push_back({"w1" + suffix, {d, f}});
    all.push_back({"b1" + suffix, {f}});
    all.push_back({"w2" + suffix, {f, d}});
    all.push_back({"b2" + suffix, {d}});
  }
  return all;
}

std::string EncoderWriter::write() {
  Tensor x = {"%x", {shape.length, shape.hidden}};
  for (int64_t layer = 0; layer < shape.layers; ++layer) {
    Tensor a = generic({{attention(x, layer), {0, 1}}, {x, {0, 1}}},
                       empty(x.shape), 2, kAdd);
    a = normalise(a, "g1", "h1", layer);
    Tensor f = linear(a, "w1", "b1", layer, shape.inner);
    f = generic({{f, {0, 1}}}, empty(f.shape), 2, kGelu);
    f = linear(f, "w2", "b2", layer, shape.hidden);
    f = generic({{f, {0, 1}}, {a, {0, 1}}}, empty(x.shape), 2, kAdd);
    x = normalise(f, "g2", "h2", layer);
  }
  std::string arguments;
  for (const Parameter &parameter : getParameters())
    arguments += (arguments.empty() ? "%" : ", %") + parameter.name + ": " +
                 typeOf(parameter.shape);
  std::string text =
      "func.func @encoder(" + arguments + ") -> " + typeOf(x.shape) + " {\n";
  auto constant = [&](llvm::StringRef name, double value) {
    text += llvm::formatv("  %{0} = arith.constant {1:e9} : f32\n", name, value)
                .str();
  };
  constant("zero", 0.0);
  constant("one", 1.0);
  constant("half", 0.5);
  constant("rootHalf", std::sqrt(0.5));
  constant("epsilon", 1e-12);
  constant("inverse", 1.0 / double(shape.hidden));
  constant("scale", 1.0 / std::sqrt(double(shape.headDim())));
  text += "  %least = arith.constant 0xFF800000 : f32\n";
  return text + body + "  return " + x.name + " : " + typeOf(x.shape) + "\n}\n";
}

std::string hdp::bench::writeEncoder(const EncoderShape &shape) {
  return EncoderWriter(shape).write();
}

llvm::Expected<EncoderShape> hdp::bench::getEncoderShape(llvm::StringRef name,
                                                         int64_t length) {
  EncoderShape shape;
  shape.name = name.str();
  if (name == "kwt1") {
    shape.hidden = 64;
    shape.heads = 1;
    shape.inner = 256;
    shape.length = 99;
  } else if (name != "bert-base") {
    return makeError("expected bert-base or kwt1, found '" + name + "'");
  }
  if (length)
    shape.length = length;
  return shape;
}

std::vector<NamedTensor>
hdp::bench::makeEncoderArguments(const EncoderShape &shape, uint64_t seed) {
  std::mt19937_64 random(seed);
  auto normal = [&] {
    double sum = -6.0;
    for (int i = 0; i < 12; ++i)
      sum += static_cast<double>(random() >> 11) * 0x1p-53;
    return sum;
  };
  std::vector<NamedTensor> arguments;
  for (const Parameter &parameter : EncoderWriter(shape).getParameters()) {
    HostTensor tensor(ElementType::F32, parameter.shape);
    char kind = parameter.name[0];
    // Q and K are large enough that attention has something to choose from.
    bool isScore = llvm::StringRef(parameter.name).starts_with("wq_") ||
                   llvm::StringRef(parameter.name).starts_with("wk_");
    double deviation = kind == 'w' ? (isScore ? 1.5 : 1.0) /
                                         std::sqrt(double(parameter.shape[0]))
                                   : (kind == 'x' ? 1.0 : 0.02);
    for (int64_t i = 0; i < tensor.getNumElements(); ++i)
      tensor.as<float>()[i] =
          static_cast<float>((kind == 'g' ? 1.0 : 0.0) + deviation * normal());
    arguments.push_back({parameter.name, std::move(tensor)});
  }
  return arguments;
}
