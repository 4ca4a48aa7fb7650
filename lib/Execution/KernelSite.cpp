//===- KernelSite.cpp - building and calling one attention ----------------===//

#include "KernelSite.h"
#include "hdp/Numerics/FixedPoint.h"
#include "hdp/Numerics/NativeOps.h"
#include "hdp/Support/Error.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace hdp;
using namespace mlir;

static constexpr StringRef kFunction = "attention";

/// Rows are contiguous, whatever else lies between them.
static MemRefType toBufferType(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  llvm::SmallVector<int64_t> strides(tensor.getRank(), ShapedType::kDynamic);
  if (!strides.empty())
    strides.back() = 1;
  return MemRefType::get(
      tensor.getShape(), tensor.getElementType(),
      StridedLayoutAttr::get(type.getContext(), ShapedType::kDynamic, strides));
}

FailureOr<AttentionOp> hdp::buildKernelFunction(func::FuncOp site,
                                                ModuleOp module) {
  auto attributes = site->getAttrOfType<DictionaryAttr>(kSiteAttrName);
  if (!attributes || site.getNumResults() == 0)
    return failure();
  module.getContext()
      ->loadDialect<bufferization::BufferizationDialect, memref::MemRefDialect,
                    func::FuncDialect, HDPDialect>();
  ImplicitLocOpBuilder b(site.getLoc(), module.getContext());
  b.setInsertionPointToEnd(module.getBody());
  llvm::SmallVector<Type> tensors(site.getArgumentTypes()), buffers;
  tensors.push_back(site.getResultTypes().front());
  auto policy = attributes.getAs<PolicyAttr>("policy");
  if (policy)
    tensors.push_back(RankedTensorType::get(
        {ShapedType::kDynamic, kNumHeadStatistics}, b.getI64Type()));
  for (Type type : tensors)
    buffers.push_back(toBufferType(type));
  auto function =
      func::FuncOp::create(b, kFunction, b.getFunctionType(buffers, {}));
  Block *body = function.addEntryBlock();
  b.setInsertionPointToStart(body);
  llvm::SmallVector<Value> values;
  for (auto [argument, type] : llvm::zip(body->getArguments(), tensors)) {
    bool isOutput = values.size() >= site.getNumArguments();
    values.push_back(bufferization::ToTensorOp::create(
        b, type, argument, /*restrict=*/true, /*writable=*/isOutput));
  }
  Value mask, bias;
  for (unsigned i = 3; i < site.getNumArguments(); ++i) {
    auto name = site.getArgAttrOfType<StringAttr>(i, kTensorNameAttrName);
    (name && name == "mask" ? mask : bias) = values[i];
  }
  auto perm = [&](StringRef name) {
    return attributes.getAs<DenseI64ArrayAttr>(name);
  };
  unsigned first = site.getNumArguments(); // of the outputs
  auto op = AttentionOp::create(
      b, TypeRange(tensors).drop_front(first), values[0], values[1], values[2],
      mask, bias, values[first], policy ? values.back() : Value(),
      attributes.getAs<FloatAttr>("scale"),
      attributes.getAs<UnitAttr>("causal"), policy, perm("query_perm"),
      perm("key_perm"), perm("value_perm"), perm("result_perm"));
  for (auto [result, buffer] :
       llvm::zip(op->getResults(), body->getArguments().drop_front(first)))
    bufferization::MaterializeInDestinationOp::create(
        b, /*result=*/Type(), result, buffer, /*restrict=*/true,
        /*writable=*/true);
  func::ReturnOp::create(b);
  return op;
}

static llvm::SmallVector<int64_t>
orIdentity(std::optional<llvm::ArrayRef<int64_t>> perm, int64_t rank) {
  llvm::SmallVector<int64_t> order;
  for (int64_t dim = 0; dim < rank; ++dim)
    order.push_back(perm ? (*perm)[dim] : dim);
  return order;
}

llvm::Expected<std::unique_ptr<PreparedSite>>
KernelSite::create(func::FuncOp site, AttentionOp op, ModuleOp module,
                   const JitOptions &jitOptions) {
  auto ready = std::make_unique<KernelSite>();
  if (PolicyAttr policy = op.getPolicyAttr())
    ready->policy = policy.getValue();
  int64_t rank = cast<ShapedType>(op.getQuery().getType()).getRank();
  ready->queryPerm = orIdentity(op.getQueryPerm(), rank);
  ready->keyPerm = orIdentity(op.getKeyPerm(), rank);
  ready->valuePerm = orIdentity(op.getValuePerm(), rank);
  ready->resultPerm = orIdentity(op.getResultPerm(), rank);
  auto signature = getSignature(site);
  if (!signature)
    return signature.takeError();
  ready->signature = std::move(*signature);
  for (unsigned i = 0; i < site.getNumResults(); ++i) {
    auto name = site.getResultAttrOfType<StringAttr>(i, kTensorNameAttrName);
    ready->hasCodes |= name && name == "o";
  }
  ready->hasCodes &=
      ready->signature.results.front().elementType == ElementType::F32 &&
      !op.getValuePerm() && !op.getResultPerm();
  CompileOptions options;
  options.attention = AttentionLowering::Vector;
  options.target = jitOptions.target;
  options.objectCache = jitOptions.objectCache;
  options.threads = jitOptions.threads;
  auto model = CompiledModel::compile(module, options);
  if (!model)
    return model.takeError();
  ready->model = std::move(*model);
  return ready;
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

static TensorView makeView(const HostTensor &tensor) {
  TensorView view;
  view.elementType = tensor.getElementType();
  // Inputs are only read.
  view.data = const_cast<char *>(tensor.getData());
  view.shape.assign(tensor.getShape().begin(), tensor.getShape().end());
  view.strides.assign(view.shape.size(), 1);
  for (size_t dim = view.shape.size(); dim-- > 1;)
    view.strides[dim - 1] = view.strides[dim] * view.shape[dim];
  return view;
}

llvm::Expected<std::optional<std::vector<NamedTensor>>>
KernelSite::runInPlace(llvm::ArrayRef<TensorView> views) const {
  std::vector<TensorView> buffers(views.begin(), views.end());
  for (TensorView &view : buffers) {
    if (view.shape.empty() || view.strides.back() == 1)
      continue;
    if (view.shape.back() > 1)
      return std::nullopt;
    view.strides.back() = 1; // a single element has no next one
  }
  std::vector<NamedTensor> others;
  if (policy) {
    int64_t heads = 1;
    for (int64_t dim : llvm::ArrayRef(queryPerm).drop_back(2))
      heads *= views[0].shape[dim];
    others.push_back({"statistics", HostTensor(ElementType::I64,
                                               {heads, kNumHeadStatistics})});
    buffers.push_back(makeView(others.back().tensor));
  }
  if (llvm::Error error = model->runInPlace(kFunction, buffers))
    return error;
  return others;
}

llvm::SmallVector<int64_t>
KernelSite::getOutputShape(llvm::ArrayRef<const HostTensor *> inputs) const {
  size_t rank = queryPerm.size();
  llvm::SmallVector<int64_t> shape(rank);
  for (size_t dim = 0; dim < rank; ++dim)
    shape[resultPerm[dim]] = dim + 1 == rank
                                 ? inputs[2]->getShape()[valuePerm[dim]]
                                 : inputs[0]->getShape()[queryPerm[dim]];
  return shape;
}

/// A column of the statistics by heads: one of each `shared` query heads.
static HostTensor takeColumn(const HostTensor &statistics, HeadStatistic which,
                             ElementType type, llvm::ArrayRef<int64_t> shape,
                             int64_t shared = 1) {
  HostTensor column(type, shape);
  for (int64_t head = 0; head < column.getNumElements(); ++head) {
    int64_t value =
        statistics.as<int64_t>()[head * shared * kNumHeadStatistics +
                                 static_cast<int64_t>(which)];
    if (type == ElementType::I1)
      column.as<uint8_t>()[head] = value == 0; // gated heads are not kept
    else
      column.as<int32_t>()[head] = static_cast<int32_t>(value);
  }
  return column;
}

/// N11 backwards: the codes of `out`, in f32 and not permuted.
static HostTensor computeCodes(const HostTensor &out,
                               const HostTensor &statistics) {
  numerics::NativeOps ops;
  int64_t heads = statistics.getShape()[0];
  int64_t size = heads ? out.getNumElements() / heads : 0;
  HostTensor codes(ElementType::I16, out.getShape());
  for (int64_t head = 0; head < heads; ++head) {
    int64_t exponent =
        statistics
            .as<int64_t>()[head * kNumHeadStatistics +
                           static_cast<int64_t>(HeadStatistic::ExponentV)];
    double unit =
        numerics::dequantizeFactor(ops, static_cast<int32_t>(exponent));
    for (int64_t i = head * size; i < (head + 1) * size; ++i)
      codes.as<int16_t>()[i] =
          static_cast<int16_t>(double(out.as<float>()[i]) / unit);
  }
  return codes;
}

llvm::Expected<std::vector<NamedTensor>>
KernelSite::run(llvm::ArrayRef<const HostTensor *> inputs) const {
  if (llvm::Error error = checkArguments(signature, inputs))
    return error;
  HostTensor out(signature.results.front().elementType, getOutputShape(inputs));
  std::vector<TensorView> views;
  for (const HostTensor *input : inputs)
    views.push_back(makeView(*input));
  views.push_back(makeView(out));
  auto others = runInPlace(views);
  if (!others)
    return others.takeError();
  std::vector<NamedTensor> results = std::move(**others);
  if (policy) {
    HostTensor statistics = results.front().tensor;
    llvm::SmallVector<int64_t> queryHeads, keyHeads;
    for (size_t dim = 0; dim + 2 < queryPerm.size(); ++dim) {
      queryHeads.push_back(inputs[0]->getShape()[queryPerm[dim]]);
      keyHeads.push_back(inputs[1]->getShape()[keyPerm[dim]]);
    }
    int64_t shared = queryHeads.empty() || keyHeads.back() == 0
                         ? 1
                         : queryHeads.back() / keyHeads.back();
    auto add = [&](llvm::StringRef name, HeadStatistic which, ElementType type,
                   llvm::ArrayRef<int64_t> shape, int64_t step) {
      results.push_back(
          {name.str(), takeColumn(statistics, which, type, shape, step)});
    };
    add("sQ", HeadStatistic::ExponentQ, ElementType::I32, queryHeads, 1);
    add("sK", HeadStatistic::ExponentK, ElementType::I32, keyHeads, shared);
    add("sV", HeadStatistic::ExponentV, ElementType::I32, keyHeads, shared);
    add("gate", HeadStatistic::Gated, ElementType::I1, queryHeads, 1);
    if (hasCodes)
      results.push_back({"o", computeCodes(out, statistics)});
  }
  results.insert(results.begin(), {"out", std::move(out)});
  return results;
}
