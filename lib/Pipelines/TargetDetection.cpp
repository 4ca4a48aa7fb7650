//===- TargetDetection.cpp - which targets a processor has ----------------===//
//
// Emits a function that asks the processor by cpuid, and by xgetbv whether the
// operating system saves the registers, so that an object file which holds
// several variants of its kernels needs no library to choose one.
//
//===----------------------------------------------------------------------===//

#include "TargetDetection.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include <map>

using namespace mlir;
using namespace hdp;

static constexpr llvm::StringLiteral kFunction = "hdp_targets";
static constexpr llvm::StringLiteral kKnown = "hdp_known_targets";

namespace {

/// A word that tells what there is.
enum Source { Leaf1C, Leaf7B, Leaf7C, Leaf71A, Leaf7D, Extended1C, SavedState };
constexpr int numSources = 7;

/// Bits that must be set in a word.
struct Requirement {
  TargetKind kind;
  Source source;
  uint32_t bits;
};

constexpr uint32_t bit(int n) { return uint32_t(1) << n; }
constexpr uint32_t osxsave = bit(27);

/// Beside those of the target that it builds on.
constexpr Requirement requirements[] = {
    // FMA, MOVBE, POPCNT, OSXSAVE, AVX, F16C; BMI1, AVX2, BMI2; LZCNT.
    {TargetKind::AVX2, Leaf1C,
     bit(12) | bit(22) | bit(23) | osxsave | bit(28) | bit(29)},
    {TargetKind::AVX2, Leaf7B, bit(3) | bit(5) | bit(8)},
    {TargetKind::AVX2, Extended1C, bit(5)},
    {TargetKind::AVX2, SavedState, bit(1) | bit(2)},
    {TargetKind::AVXVNNI, Leaf71A, bit(4)},
    // F, DQ, CD, BW, VL; VNNI; masks and the rest of the vector registers.
    {TargetKind::AVX512, Leaf7B,
     bit(16) | bit(17) | bit(28) | bit(30) | bit(31)},
    {TargetKind::AVX512, Leaf7C, bit(11)},
    {TargetKind::AVX512, SavedState, bit(5) | bit(6) | bit(7)},
    {TargetKind::AVX512BF16, Leaf71A, bit(5)},
    // BF16, tiles, INT8; their configuration and data.
    {TargetKind::AMX, Leaf7D, bit(22) | bit(24) | bit(25)},
    {TargetKind::AMX, SavedState, bit(17) | bit(18)},
};

class DetectionEmitter {
public:
  DetectionEmitter(ModuleOp module, bool asksForTiles)
      : module(module), asksForTiles(asksForTiles),
        b(module.getLoc(), module.getContext()) {}
  LLVM::LLVMFuncOp run();

private:
  Value constant(uint32_t value) {
    return LLVM::ConstantOp::create(b, b.getI32Type(),
                                    b.getI32IntegerAttr(value));
  }
  Value compare(LLVM::ICmpPredicate predicate, Value x, Value y) {
    return LLVM::ICmpOp::create(b, predicate, x, y);
  }
  Value assembly(StringRef text, StringRef constraints, Type type,
                 ValueRange operands) {
    return LLVM::InlineAsmOp::create(b, type, operands, text, constraints,
                                     /*has_side_effects=*/true,
                                     /*is_align_stack=*/false,
                                     LLVM::tailcallkind::TailCallKind::None,
                                     LLVM::AsmDialectAttr(), ArrayAttr())
        ->getResult(0);
  }
  /// Registers a, b, c and d; zeros where `isThere` is false.
  std::array<Value, 4> cpuid(uint32_t leaf, uint32_t subleaf,
                             Value isThere = nullptr);
  Value hasAll(TargetKind kind, ArrayRef<Value> words);
  Block *addBlock() {
    Block *block = b.createBlock(&function.getBody(), function.end());
    return block;
  }

  ModuleOp module;
  bool asksForTiles;
  ImplicitLocOpBuilder b;
  LLVM::LLVMFuncOp function;
};

} // namespace

std::array<Value, 4> DetectionEmitter::cpuid(uint32_t leaf, uint32_t subleaf,
                                             Value isThere) {
  auto registers = LLVM::LLVMStructType::getLiteral(
      b.getContext(), SmallVector<Type>(4, b.getI32Type()));
  Value all = assembly("cpuid",
                       "={ax},={bx},={cx},={dx},{ax},{cx},~{dirflag},"
                       "~{fpsr},~{flags}",
                       registers, {constant(leaf), constant(subleaf)});
  std::array<Value, 4> words;
  for (int64_t n = 0; n < 4; ++n) {
    words[n] = LLVM::ExtractValueOp::create(b, all, n);
    if (isThere)
      words[n] = LLVM::SelectOp::create(b, isThere, words[n], constant(0));
  }
  return words;
}

/// Whether the bits of `kind` itself are set in `words`.
Value DetectionEmitter::hasAll(TargetKind kind, ArrayRef<Value> words) {
  Value all;
  for (const Requirement &requirement : requirements) {
    if (requirement.kind != kind)
      continue;
    Value bits = constant(requirement.bits);
    Value isSet =
        compare(LLVM::ICmpPredicate::eq,
                LLVM::AndOp::create(b, words[requirement.source], bits), bits);
    all = all ? LLVM::AndOp::create(b, all, isSet) : isSet;
  }
  return all;
}

LLVM::LLVMFuncOp DetectionEmitter::run() {
  b.setInsertionPointToStart(module.getBody());
  Type i32 = b.getI32Type();
  auto pointer = LLVM::LLVMPointerType::get(b.getContext());
  LLVM::GlobalOp::create(b, i32, /*isConstant=*/false, LLVM::Linkage::Internal,
                         kKnown, b.getI32IntegerAttr(0));
  function = LLVM::LLVMFuncOp::create(b, kFunction,
                                      LLVM::LLVMFunctionType::get(i32, {}),
                                      LLVM::Linkage::Internal);
  function->setAttr("passthrough", b.getArrayAttr(b.getStringAttr("noinline")));

  // Threads may find the same at the same time.
  auto ordering = LLVM::AtomicOrdering::monotonic;
  b.setInsertionPointToStart(function.addEntryBlock(b));
  Value address = LLVM::AddressOfOp::create(b, pointer, kKnown);
  Value before = LLVM::LoadOp::create(b, i32, address, 4, /*isVolatile=*/false,
                                      /*isNonTemporal=*/false,
                                      /*isInvariant=*/false,
                                      /*isInvariantGroup=*/false, ordering);
  Value isKnown = compare(LLVM::ICmpPredicate::ne, before, constant(0));
  Block *entry = b.getInsertionBlock();

  Block *found = addBlock();
  Value bits = found->addArgument(i32, b.getLoc());
  LLVM::StoreOp::create(b, bits, address, 4, /*isVolatile=*/false,
                        /*isNonTemporal=*/false, /*isInvariantGroup=*/false,
                        ordering);
  LLVM::ReturnOp::create(b, bits);

  Block *returns = addBlock();
  LLVM::ReturnOp::create(b, before);

  Block *asks = addBlock();
  b.setInsertionPointToEnd(entry);
  LLVM::CondBrOp::create(b, isKnown, returns, asks);

  b.setInsertionPointToStart(asks);
  Value portable = constant(getTargetBit(TargetKind::Portable));
  Value words[numSources];
  Value largest = cpuid(0, 0)[0];
  Value extended = cpuid(0x80000000, 0)[0];
  words[Leaf1C] = cpuid(1, 0)[2];
  std::array<Value, 4> seven =
      cpuid(7, 0, compare(LLVM::ICmpPredicate::uge, largest, constant(7)));
  words[Leaf7B] = seven[1];
  words[Leaf7C] = seven[2];
  words[Leaf7D] = seven[3];
  words[Leaf71A] =
      cpuid(7, 1, compare(LLVM::ICmpPredicate::uge, seven[0], constant(1)))[0];
  words[Extended1C] = cpuid(
      0x80000001, 0,
      compare(LLVM::ICmpPredicate::uge, extended, constant(0x80000001)))[2];
  Value hasStates = compare(
      LLVM::ICmpPredicate::ne,
      LLVM::AndOp::create(b, words[Leaf1C], constant(osxsave)), constant(0));
  Block *states = addBlock();
  b.setInsertionPointToEnd(asks);
  LLVM::CondBrOp::create(b, hasStates, states, ValueRange(), found,
                         ValueRange{portable});

  b.setInsertionPointToStart(states);
  auto pair = LLVM::LLVMStructType::getLiteral(b.getContext(), {i32, i32});
  Value state =
      assembly("xgetbv", "={ax},={dx},{cx},~{dirflag},~{fpsr},~{flags}", pair,
               constant(0));
  words[SavedState] = LLVM::ExtractValueOp::create(b, state, 0);
  // What each target builds on stands before it.
  std::pair<TargetKind, TargetKind> kinds[] = {
      {TargetKind::AVX2, TargetKind::Portable},
      {TargetKind::AVXVNNI, TargetKind::AVX2},
      {TargetKind::AVX512, TargetKind::AVX2},
      {TargetKind::AVX512BF16, TargetKind::AVX512}};
  Value all = portable;
  std::map<TargetKind, Value> isThere;
  for (auto [kind, base] : kinds) {
    isThere[kind] = hasAll(kind, words);
    if (base != TargetKind::Portable)
      isThere[kind] = LLVM::AndOp::create(b, isThere[kind], isThere[base]);
    Value added = LLVM::SelectOp::create(
        b, isThere[kind], constant(getTargetBit(kind)), constant(0));
    all = LLVM::OrOp::create(b, all, added);
  }
  if (!asksForTiles) {
    LLVM::BrOp::create(b, ValueRange{all}, found);
    return function;
  }

  // Linux gives the state of tiles to processes that ask:
  // arch_prctl(ARCH_REQ_XCOMP_PERM, 18).
  Value hasAMX = LLVM::AndOp::create(b, hasAll(TargetKind::AMX, words),
                                     isThere[TargetKind::AVX512BF16]);
  Block *here = b.getInsertionBlock(), *permission = addBlock();
  auto i64 = [&](int64_t value) -> Value {
    return LLVM::ConstantOp::create(b, b.getI64Type(),
                                    b.getI64IntegerAttr(value));
  };
  Value status = assembly(
      "syscall", "={ax},{ax},{di},{si},~{rcx},~{r11},~{memory},~{flags}",
      b.getI64Type(), {i64(158), i64(0x1023), i64(18)});
  Value isGranted = compare(LLVM::ICmpPredicate::eq, status, i64(0));
  Value added = LLVM::SelectOp::create(
      b, isGranted, constant(getTargetBit(TargetKind::AMX)), constant(0));
  LLVM::BrOp::create(b, ValueRange{LLVM::OrOp::create(b, all, added)}, found);
  b.setInsertionPointToEnd(here);
  LLVM::CondBrOp::create(b, hasAMX, permission, ValueRange(), found,
                         ValueRange{all});
  return function;
}

LLVM::LLVMFuncOp hdp::getTargetDetection(ModuleOp module, bool asksForTiles) {
  if (auto function = module.lookupSymbol<LLVM::LLVMFuncOp>(kFunction))
    return function;
  return DetectionEmitter(module, asksForTiles).run();
}
