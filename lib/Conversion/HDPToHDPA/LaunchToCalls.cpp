//===- LaunchToCalls.cpp - launches to one run-time function --------------===//
//
// The co-processor's driver knows no MLIR: it gets a stream and a table that
// says where the operands are.
//
//===----------------------------------------------------------------------===//

#include "hdp/Conversion/Passes.h"
#include "hdp/Dialect/HDPA/IR/HDPA.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace hdp {
#define GEN_PASS_DEF_LAUNCHTOCALLS
#include "hdp/Conversion/Passes.h.inc"
} // namespace hdp

using namespace mlir;
using namespace hdp;

static constexpr llvm::StringLiteral kLaunch = "hdp_launch";

namespace {
struct LaunchToCalls : hdp::impl::LaunchToCallsBase<LaunchToCalls> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<hdpa::LaunchOp> launches;
    module.walk([&](hdpa::LaunchOp op) { launches.push_back(op); });
    for (hdpa::LaunchOp op : launches)
      if (op->getNumResults() != 0) {
        op.emitOpError("expected a launch on memrefs to make it a call");
        return signalPassFailure();
      }
    auto programs = llvm::to_vector(module.getOps<hdpa::ProgramOp>());
    if (programs.empty())
      return markAllAnalysesPreserved();
    llvm::StringMap<memref::GlobalOp> streams;
    for (hdpa::ProgramOp program : programs) {
      FailureOr<memref::GlobalOp> stream = makeStream(program);
      if (failed(stream))
        return signalPassFailure();
      streams[program.getSymName()] = *stream;
    }
    OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
    Type i64 = builder.getI64Type();
    auto function = func::FuncOp::create(
        builder, module.getLoc(), kLaunch,
        builder.getFunctionType({i64, i64, i64}, TypeRange()));
    function.setPrivate();
    for (hdpa::LaunchOp op : launches) {
      emitCall(op, function, streams[op.getProgram()]);
      op.erase();
      ++numCalls;
    }
    for (hdpa::ProgramOp program : programs)
      program.erase();
  }

  /// A program's stream as constant bytes, in its place.
  FailureOr<memref::GlobalOp> makeStream(hdpa::ProgramOp op) {
    FailureOr<machine::Program> program = op.toProgram();
    if (failed(program))
      return failure();
    SmallVector<char, 0> bytes = machine::writeStream(*program);
    OpBuilder builder(op);
    auto type =
        RankedTensorType::get({int64_t(bytes.size())}, builder.getI8Type());
    auto value = DenseElementsAttr::getFromRawBuffer(type, bytes);
    return memref::GlobalOp::create(
        builder, op.getLoc(), ("hdp_stream_" + op.getSymName()).str(),
        builder.getStringAttr("private"),
        MemRefType::get(type.getShape(), type.getElementType()), value,
        /*constant=*/true, builder.getI64IntegerAttr(64));
  }

  /// Words of the table, by their position; then the call.
  void emitCall(hdpa::LaunchOp op, func::FuncOp function,
                memref::GlobalOp stream) {
    ImplicitLocOpBuilder builder(op.getLoc(), op);
    Type i64 = builder.getI64Type();
    SmallVector<Value> words;
    auto add = [&](Value index) {
      words.push_back(arith::IndexCastOp::create(builder, i64, index));
    };
    auto addNumber = [&](int64_t value) {
      words.push_back(
          arith::ConstantOp::create(builder, builder.getI64IntegerAttr(value)));
    };
    auto addressOf = [&](Value memref) {
      return memref::ExtractAlignedPointerAsIndexOp::create(builder, memref);
    };
    addNumber(op->getNumOperands());
    for (Value operand : op->getOperands()) {
      auto type = cast<MemRefType>(operand.getType());
      unsigned bits = llvm::alignTo(type.getElementTypeBitWidth(), 8);
      addNumber(bits);
      addNumber(type.getRank());
      auto metadata =
          memref::ExtractStridedMetadataOp::create(builder, operand);
      Value bytes = arith::ConstantIndexOp::create(builder, bits / 8);
      add(arith::AddIOp::create(
          builder, addressOf(operand),
          arith::MulIOp::create(builder, metadata.getOffset(), bytes)));
      for (Value size : metadata.getSizes())
        add(size);
      for (Value stride : metadata.getStrides())
        add(stride);
    }
    auto tableType = MemRefType::get({int64_t(words.size())}, i64);
    // Not in a loop, where each iteration would take more of the stack.
    OpBuilder entry(op);
    entry.setInsertionPointToStart(
        &op->getParentOfType<func::FuncOp>().getBody().front());
    Value table =
        memref::AllocaOp::create(entry, op.getLoc(), tableType).getResult();
    for (auto [index, word] : llvm::enumerate(words)) {
      Value position = arith::ConstantIndexOp::create(builder, index);
      memref::StoreOp::create(builder, word, table, position);
    }
    Value bytes = memref::GetGlobalOp::create(builder, stream.getType(),
                                              stream.getSymName());
    auto toWord = [&](Value memref) -> Value {
      return arith::IndexCastOp::create(builder, i64, addressOf(memref));
    };
    Value size = arith::ConstantOp::create(
        builder, builder.getI64IntegerAttr(stream.getType().getNumElements()));
    func::CallOp::create(builder, function,
                         ValueRange{toWord(bytes), size, toWord(table)});
  }
};
} // namespace
