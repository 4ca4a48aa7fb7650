//===- HDPToHDPA.cpp - attention to programs ------------------------------===//
//
// Which attentions become programs, and which programs are shared. Commands
// come from the machine library's builder, host code from HostCode.cpp.
//
//===----------------------------------------------------------------------===//

#include "HostCode.h"
#include "hdp/Conversion/Passes.h"
#include "hdp/Machine/Dense.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

namespace hdp {
#define GEN_PASS_DEF_CONVERTHDPTOHDPA
#include "hdp/Conversion/Passes.h.inc"
} // namespace hdp

using namespace mlir;
using namespace hdp;

/// An error at an attention, without a note that repeats it.
static InFlightDiagnostic refuse(AttentionOp op) {
  return emitError(op.getLoc()) << "'hdp.attention' op ";
}

/// The product of a shape's leading dimensions.
static int64_t countHeads(ArrayRef<int64_t> shape) {
  return ShapedType::getNumElements(shape.drop_back(2));
}

/// An operand's type whose sizes are known when the model runs only, if there
/// is one: a program has all its sizes in it.
static Type findDynamic(AttentionOp op) {
  for (Value operand : op->getOperands())
    if (!cast<ShapedType>(operand.getType()).hasStaticShape())
      return operand.getType();
  return Type();
}

/// The request of an attention; `dense` is the width of its codes, or 0. Fails
/// with an error at the op.
static FailureOr<machine::AttentionRequest> makeRequest(AttentionOp op,
                                                        unsigned dense) {
  if (op.getStatistics())
    return refuse(op) << "expected no statistics, which programs do not count";
  machine::AttentionRequest request;
  machine::Site &site = request.site;
  site.policy = dense ? machine::makeDense(machine::Site(), dense).policy
                      : op.getPolicy()->getValue();
  site.dense = dense != 0;
  site.scale = op.getScale().convertToDouble();
  site.causal = op.getCausal();
  SmallVector<int64_t> query = op.getQueryShape(), key = op.getKeyShape(),
                       value = op.getValueShape();
  size_t rank = query.size();
  for (int64_t size : {countHeads(query), countHeads(key), query[rank - 2],
                       key[rank - 2], query[rank - 1], value[rank - 1]})
    if (size > machine::maxSiteSize)
      return refuse(op) << "expected sizes up to " << machine::maxSiteSize
                        << " in a program, found " << size;
  site.Hq = uint32_t(countHeads(query));
  site.Hkv = uint32_t(countHeads(key));
  site.Lq = uint32_t(query[rank - 2]);
  site.Lk = uint32_t(key[rank - 2]);
  site.d = uint32_t(query[rank - 1]);
  site.dv = uint32_t(value[rank - 1]);
  site.hasBias = static_cast<bool>(op.getBias());
  site.hasMask = site.hasBias || op.getMask();
  for (Value mask : {op.getMask(), op.getBias()}) {
    if (!mask)
      continue;
    ArrayRef<int64_t> shape = cast<ShapedType>(mask.getType()).getShape();
    request.maskPerHead |= countHeads(shape) > 1;
    request.maskPerRow |= shape[rank - 2] > 1;
    if (mask == op.getBias())
      request.biasPerRow = shape[rank - 2] > 1;
  }
  if (std::optional<std::string> problem = machine::checkSite(site))
    return refuse(op) << *problem;
  return request;
}

/// The bytes of a mask that is a constant of the model, as symbol `valid` has
/// them; none otherwise.
static std::vector<char> packMask(AttentionOp op,
                                  const machine::AttentionRequest &request) {
  DenseElementsAttr mask;
  if (!op.getMask() || op.getBias() ||
      !matchPattern(op.getMask(), m_Constant(&mask)))
    return {};
  int64_t heads = countHeads(mask.getType().getShape()),
          columns = mask.getType().getShape().back();
  if (heads != 1 && heads != request.site.Hq)
    return {}; // by batch: made by the host
  int64_t rows = mask.getNumElements() / columns, rowBytes = (columns + 7) / 8;
  std::vector<char> bytes(size_t(rows * rowBytes));
  for (auto [i, isValid] : llvm::enumerate(mask.getValues<bool>())) {
    int64_t row = int64_t(i) / columns, column = int64_t(i) % columns;
    if (isValid)
      bytes[size_t(row * rowBytes + column / 8)] |= char(1 << column % 8);
  }
  return bytes;
}

static bool isSame(const machine::AttentionRequest &a,
                   const machine::AttentionRequest &b) {
  return a.site == b.site && a.maskPerHead == b.maskPerHead &&
         a.maskPerRow == b.maskPerRow && a.biasPerRow == b.biasPerRow;
}

namespace {
struct ConvertHDPToHDPA : hdp::impl::ConvertHDPToHDPABase<ConvertHDPToHDPA> {
  using ConvertHDPToHDPABase::ConvertHDPToHDPABase;

  LogicalResult initialize(MLIRContext *context) override {
    auto fail = [&] { return emitError(UnknownLoc::get(context)); };
    if (dense != 0 && dense != 8 && dense != 16)
      return fail() << "expected dense=8 or dense=16, found dense="
                    << dense.getValue();
    config = machine::Config();
    if (machine.empty())
      return success();
    llvm::Expected<machine::Config> loaded = machine::loadConfig(machine);
    if (!loaded)
      return fail() << llvm::toString(loaded.takeError());
    config = *loaded;
    return success();
  }

  void runOnOperation() override {
    SmallVector<AttentionOp> ops;
    getOperation().walk([&](AttentionOp op) { ops.push_back(op); });
    programs.clear();
    for (AttentionOp op : ops)
      if (failed(convert(op)))
        return signalPassFailure();
  }

  LogicalResult convert(AttentionOp op) {
    if (op->getNumResults() == 0)
      return refuse(op) << "expected attention on tensors to make a program";
    if (!op.getPolicy() && dense == 0) {
      op.emitRemark("attention without a policy stays for the CPU");
      ++numLeft;
      return success();
    }
    if (Type type = findDynamic(op)) {
      op.emitRemark("attention stays for the CPU: programs need static shapes, "
                    "found ")
          << type;
      ++numLeft;
      return success();
    }
    FailureOr<machine::AttentionRequest> request = makeRequest(op, dense);
    if (failed(request))
      return failure();
    std::vector<char> mask = packMask(op, *request);
    FailureOr<hdpa::ProgramOp> program = getProgram(op, *request, mask);
    if (failed(program))
      return failure();
    OpBuilder builder(op);
    Value result = emitHostCode(builder, op, *request, program->getSymName(),
                                /*hasMask=*/mask.empty());
    op->getResult(0).replaceAllUsesWith(result);
    op.erase();
    ++numLaunches;
    return success();
  }

  /// The program of a request, that of an earlier equal one if there is; with
  /// `mask`, its constant mask.
  FailureOr<hdpa::ProgramOp>
  getProgram(AttentionOp op, const machine::AttentionRequest &request,
             const std::vector<char> &mask) {
    for (Known &known : programs)
      if (isSame(known.request, request) && known.mask == mask)
        return known.program;
    llvm::Expected<machine::NamedProgram> named =
        machine::buildNamedAttention(request, config);
    if (!named)
      return refuse(op) << llvm::toString(named.takeError());
    for (machine::Symbol &symbol : named->program.symbols)
      if (symbol.name == "valid" && !mask.empty()) {
        symbol.direction = machine::Symbol::Constant;
        symbol.contents = mask;
      }
    ModuleOp module = getOperation();
    OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
    if (!programs.empty())
      builder.setInsertionPointAfter(programs.back().program);
    std::string name;
    for (unsigned i = programs.size();
         name.empty() || module.lookupSymbol(name); ++i)
      name = "attention_" + std::to_string(i);
    hdpa::ProgramOp program =
        hdpa::createProgram(builder, op.getLoc(), name, *named,
                            hdpa::MachineAttr::get(&getContext(), config));
    programs.push_back({request, mask, program});
    ++numPrograms;
    return program;
  }

  machine::Config config;
  struct Known {
    machine::AttentionRequest request;
    std::vector<char> mask;
    hdpa::ProgramOp program;
  };
  std::vector<Known> programs;
};
} // namespace
