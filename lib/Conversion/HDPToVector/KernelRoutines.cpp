//===- KernelRoutines.cpp - what several places of a kernel call ----------===//
//
// Sums across sixteen vectors and transpositions are many shuffles, which LLVM
// takes long to choose instructions for, and a kernel needs them in places that
// are seldom come to. So they are functions beside the kernel, which take
// addresses.
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"
#include "hdp/Conversion/FunctionTarget.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace hdp;

/// The address of an element, as a number.
Val KernelEmitter::addressOf(const Buffer &buffer, Val at) {
  Val start =
      wrap(memref::ExtractAlignedPointerAsIndexOp::create(b, buffer.memref));
  return start + at * (buffer.element.getIntOrFloatBitWidth() / 8);
}

static Value toPointer(ImplicitLocOpBuilder &b, Val address) {
  return LLVM::IntToPtrOp::create(b, LLVM::LLVMPointerType::get(b.getContext()),
                                  address.toI64().v);
}

Vals KernelEmitter::loadRows(Val address, Val stride, int64_t count) {
  Vals vectors;
  for (int64_t n = 0; n < count; ++n)
    vectors.push_back(wrap(LLVM::LoadOp::create(
        b, t.i32x16, toPointer(b, address + stride * n), /*alignment=*/1)));
  return vectors;
}

/// Calls `@kernel_<name>`, whose body is emitted at the first call.
Value KernelEmitter::callRoutine(StringRef name, ArrayRef<Val> arguments,
                                 Type result,
                                 function_ref<Val(ArrayRef<Val>)> body) {
  func::FuncOp &routine = routines[name];
  SmallVector<Value> operands(arguments.begin(), arguments.end());
  if (!routine) {
    auto kernel =
        b.getInsertionBlock()->getParent()->getParentOfType<func::FuncOp>();
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointAfter(kernel);
    routine = func::FuncOp::create(
        b, (kernel.getName() + "_" + name).str(),
        b.getFunctionType(TypeRange(ValueRange(operands)),
                          result ? TypeRange(result) : TypeRange()));
    routine.setPrivate();
    SymbolTable(kernel->getParentOp()).insert(routine);
    routine->setAttr("passthrough", b.getStrArrayAttr({"noinline"}));
    copyFunctionTarget(&kernel.front().front(), routine);
    markVectorCode(routine);
    Block *block = routine.addEntryBlock();
    b.setInsertionPointToStart(block);
    Vals values;
    for (Value argument : block->getArguments())
      values.push_back(wrap(argument));
    Val returned = body(values);
    func::ReturnOp::create(b, result ? ValueRange(returned.v) : ValueRange());
  }
  auto call = func::CallOp::create(b, routine, operands);
  return result ? call.getResult(0) : Value();
}

/// combineLanes of `count` vectors in a row at `at`.
Val KernelEmitter::combineVectors(const Buffer &buffer, Val at, int64_t count,
                                  Combination combination) {
  static constexpr StringLiteral names[] = {"sum", "minimum", "maximum"};
  std::string name =
      (names[static_cast<int>(combination)] + Twine(count)).str();
  return wrap(callRoutine(
      name, {addressOf(buffer, at)}, t.i32x16, [&](ArrayRef<Val> address) {
        return combineLanes(loadRows(address[0], index(64), count),
                            [&](Val x, Val y) {
                              switch (combination) {
                              case Combination::Sum:
                                return x + y;
                              case Combination::Minimum:
                                return x.min(y);
                              case Combination::Maximum:
                                return x.max(y);
                              }
                              llvm_unreachable("not a combination");
                            });
      }));
}

/// Transposes 16 vectors of 16 words, `fromStride` bytes apart, into as many
/// `toStride` bytes apart.
void KernelEmitter::transposeRows(const Buffer &from, Val fromAt,
                                  int64_t fromStride, const Buffer &to,
                                  Val toAt, Val toStride, int64_t count) {
  std::string name = "transpose" + std::to_string(count);
  callRoutine(name,
              {addressOf(from, fromAt), index(fromStride), addressOf(to, toAt),
               toStride},
              Type(), [&](ArrayRef<Val> arguments) {
                Vals r = loadRows(arguments[0], arguments[1], 16);
                transpose16(r);
                for (int64_t n = 0; n < count; ++n)
                  LLVM::StoreOp::create(
                      b, r[n], toPointer(b, arguments[2] + arguments[3] * n),
                      /*alignment=*/1);
                return arguments[0];
              });
}
