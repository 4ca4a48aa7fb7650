//===- ProgramOp.cpp - programs between IR and the machine library --------===//
//
// In both forms: with addresses, and on buffers. The verifiers ask the machine
// library, so text, streams and passes are held to the same rules.
//
//===----------------------------------------------------------------------===//

#include "hdp/Dialect/HDPA/IR/HDPA.h"
#include "hdp/Machine/Access.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace hdp::hdpa;
using namespace hdp::machine;

//===----------------------------------------------------------------------===//
// From structs to ops
//===----------------------------------------------------------------------===//

static IntegerAttr getNumber(Builder &builder, unsigned width, uint64_t value) {
  return IntegerAttr::get(builder.getIntegerType(width, /*isSigned=*/false),
                          APInt(width, value));
}

/// The attribute of an address field.
static Attribute getAddress(Builder &builder, uint32_t value,
                            ArrayRef<NamedBuffer> buffers) {
  if (buffers.empty())
    return getNumber(builder, 32, value);
  Reference reference = Reference::unpack(value);
  if (reference.buffer >= buffers.size())
    return getNumber(builder, 32, 0); // not used
  return TurnAttr::get(builder.getContext(),
                       FlatSymbolRefAttr::get(builder.getContext(),
                                              buffers[reference.buffer].name),
                       reference.turn);
}

Operation *hdp::hdpa::createCommand(OpBuilder &builder, Location loc,
                                    const Command &command,
                                    ArrayRef<NamedBuffer> buffers) {
  OperationState state(loc, (HDPADialect::getDialectNamespace() + "." +
                             getInfo(command).mnemonic)
                                .str());
  std::visit(
      [&](const auto &alternative) {
        visitFields(alternative, [&](const char *name, auto value) {
          state.addAttribute(
              name, isAddress(name)
                        ? getAddress(builder, uint32_t(value), buffers)
                        : getNumber(builder, 8 * sizeof(value), value));
        });
      },
      command);
  return builder.create(state);
}

void hdp::hdpa::setAddresses(Operation *op, const Command &command,
                             ArrayRef<NamedBuffer> buffers) {
  Builder builder(op->getContext());
  std::visit(
      [&](const auto &alternative) {
        visitFields(alternative, [&](const char *name, auto value) {
          if (isAddress(name))
            op->setAttr(name, getAddress(builder, uint32_t(value), buffers));
        });
      },
      command);
}

ProgramOp hdp::hdpa::createProgram(OpBuilder &builder, Location loc,
                                   StringRef name, const NamedProgram &program,
                                   MachineAttr machine) {
  OpBuilder::InsertionGuard guard(builder);
  auto op = ProgramOp::create(builder, loc, name, machine);
  builder.createBlock(&op.getBody());
  for (const Site &site : program.program.sites)
    SiteOp::create(
        builder, loc, PolicyAttr::get(builder.getContext(), site.policy),
        APFloat(site.scale), site.Hq, site.Hkv, site.Lq, site.Lk, site.d,
        site.dv, site.causal, site.hasMask, site.hasBias, site.dense);
  for (const hdp::machine::Symbol &symbol : program.program.symbols)
    hdp::hdpa::SymbolOp::create(
        builder, loc, symbol.direction == hdp::machine::Symbol::Output,
        symbol.name, symbol.bits, symbol.rows, symbol.columns, symbol.address,
        symbol.direction == hdp::machine::Symbol::Constant
            ? builder.getStringAttr(llvm::toHex(
                  StringRef(symbol.contents.data(), symbol.contents.size())))
            : StringAttr());
  for (const NamedBuffer &buffer : program.buffers)
    BufferOp::create(builder, loc, buffer.name,
                     static_cast<uint8_t>(buffer.scratchpad), buffer.bytes,
                     buffer.slots);
  for (const Command &command : program.program.commands)
    createCommand(builder, loc, command, program.buffers);
  return op;
}

//===----------------------------------------------------------------------===//
// From ops to structs
//===----------------------------------------------------------------------===//

bool ProgramOp::isAddressed() {
  for (Operation &op : getBody().front()) {
    if (isa<BufferOp>(op))
      return false;
    if (isa<CommandOpInterface>(op))
      break; // buffers come before commands
  }
  return true;
}

namespace {

/// What address fields say in one program.
class AddressReader {
public:
  void add(BufferOp buffer) {
    indices.try_emplace(buffer.getName(), uint32_t(indices.size()));
  }
  /// Problems are kept for `check`.
  uint32_t read(Attribute attribute) {
    if (auto number = dyn_cast<IntegerAttr>(attribute)) {
      auto value = uint32_t(number.getValue().getZExtValue());
      if (indices.empty())
        return value;
      if (value != 0)
        problem = "expected a turn of a buffer in a program with buffers, "
                  "found address " +
                  std::to_string(value);
      return Reference::unused;
    }
    auto turn = cast<TurnAttr>(attribute);
    auto entry = indices.find(turn.getBuffer().getValue());
    if (entry == indices.end())
      problem = "expected a buffer of the program, found @" +
                turn.getBuffer().getValue().str();
    else if (turn.getTurn() >= Reference::maxTurns)
      problem = "expected a turn up to " +
                std::to_string(Reference::maxTurns - 1) + ", found " +
                std::to_string(turn.getTurn());
    else
      return Reference{entry->second, turn.getTurn()}.pack();
    return Reference::unused;
  }
  LogicalResult check(Operation *op) {
    if (problem.empty())
      return success();
    return op->emitOpError(problem);
  }

private:
  llvm::StringMap<uint32_t> indices;
  std::string problem;
};

} // namespace

FailureOr<NamedProgram> ProgramOp::toNamedProgram() {
  NamedProgram named;
  Program &program = named.program;
  program.name = getSymName().str();
  program.arch = getArch(getMachine().toConfig());
  AddressReader addresses;
  auto toAddress = [&](Attribute attribute) {
    return addresses.read(attribute);
  };
  for (Operation &op : getBody().front()) {
    bool hasBuffers = !named.buffers.empty(),
         hasCommands = !program.commands.empty();
    if (auto site = dyn_cast<SiteOp>(op)) {
      if (!program.symbols.empty() || hasBuffers || hasCommands)
        return op.emitOpError("expected sites before symbols, buffers and "
                              "commands");
      program.sites.push_back(site.toSite());
    } else if (auto symbol = dyn_cast<hdp::hdpa::SymbolOp>(op)) {
      if (hasBuffers || hasCommands)
        return op.emitOpError("expected symbols before buffers and commands");
      program.symbols.push_back(symbol.toSymbol());
    } else if (auto buffer = dyn_cast<BufferOp>(op)) {
      if (hasCommands)
        return op.emitOpError("expected buffers before commands");
      for (const NamedBuffer &other : named.buffers)
        if (other.name == buffer.getName())
          return op.emitOpError(
                     "expected one buffer of a name, found another @")
                 << other.name;
      if (named.buffers.size() == Reference::maxBuffers)
        return op.emitOpError("expected at most ")
               << Reference::maxBuffers << " buffers, found another";
      addresses.add(buffer);
      named.buffers.push_back(buffer.toBuffer());
    } else if (auto command = dyn_cast<CommandOpInterface>(op)) {
      program.commands.push_back(command.toCommand(toAddress));
      if (failed(addresses.check(&op)))
        return failure();
    } else {
      return op.emitError("expected a site, a symbol, a buffer or a command in "
                          "a program, found '")
             << op.getName() << "', which has no encoding";
    }
  }
  return named;
}

FailureOr<Program> ProgramOp::toProgram() {
  if (!isAddressed())
    // Not at the op: a note would print the whole program.
    return mlir::emitError(getLoc(),
                           "'hdpa.program' op expected addresses, found "
                           "buffers, which --hdpa-allocate-scratchpad "
                           "places");
  FailureOr<NamedProgram> named = toNamedProgram();
  if (failed(named))
    return failure();
  return std::move(named->program);
}

LogicalResult ProgramOp::verifyRegions() {
  FailureOr<NamedProgram> named = toNamedProgram();
  if (failed(named))
    return failure();
  Config config = getMachine().toConfig();
  for (auto buffer : getBody().front().getOps<BufferOp>())
    if (std::optional<std::string> problem =
            checkBuffer(buffer.toBuffer(), config))
      return buffer->emitOpError(*problem);
  bool hasAddresses = named->buffers.empty();
  auto command = named->program.commands.begin();
  for (auto op : getBody().front().getOps<CommandOpInterface>()) {
    std::optional<std::string> problem =
        hasAddresses ? checkCommand(named->program, *command, config)
                     : checkNamedCommand(*named, *command, config);
    ++command;
    if (problem)
      return op->emitOpError(*problem);
  }
  return success();
}
