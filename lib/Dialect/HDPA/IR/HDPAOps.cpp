//===- HDPAOps.cpp - programs between IR and the machine library ----------===//
//
// What ops say as the machine library's structs, and the verifiers: they ask
// the library, so text and streams are held to the same rules.
//
//===----------------------------------------------------------------------===//

#include "hdp/Dialect/HDPA/IR/HDPA.h"
#include "hdp/Machine/Access.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace hdp::hdpa;
using namespace hdp::machine;

//===----------------------------------------------------------------------===//
// How fields are written
//===----------------------------------------------------------------------===//

static ParseResult parseCores(OpAsmParser &parser, IntegerAttr &cores) {
  return parser.parseAttribute(
      cores, parser.getBuilder().getIntegerType(64, /*isSigned=*/false));
}

static void printCores(OpAsmPrinter &printer, Operation *, IntegerAttr cores) {
  printer << "0x";
  printer.getStream() << llvm::utohexstr(cores.getValue().getZExtValue());
}

static IntegerAttr getByte(OpAsmParser &parser, uint8_t value) {
  Builder &builder = parser.getBuilder();
  return IntegerAttr::get(builder.getIntegerType(8, /*isSigned=*/false), value);
}

static ParseResult parsePredicate(OpAsmParser &parser, IntegerAttr &predicate) {
  if (succeeded(parser.parseOptionalKeyword("none"))) {
    predicate = getByte(parser, noPredicate);
    return success();
  }
  return parser.parseAttribute(
      predicate, parser.getBuilder().getIntegerType(8, /*isSigned=*/false));
}

static void printPredicate(OpAsmPrinter &printer, Operation *,
                           IntegerAttr predicate) {
  uint64_t value = predicate.getValue().getZExtValue();
  if (value == noPredicate)
    printer << "none";
  else
    printer << value;
}

static ParseResult parseBuffer(OpAsmParser &parser, IntegerAttr &buffer) {
  SMLoc loc = parser.getCurrentLocation();
  StringRef name;
  if (parser.parseKeyword(&name))
    return failure();
  for (unsigned i = 0; i < numBuffers; ++i)
    if (stringify(static_cast<Buffer>(i)) == name) {
      buffer = getByte(parser, static_cast<uint8_t>(i));
      return success();
    }
  return parser.emitError(loc) << "expected a scratchpad such as query or key, "
                                  "found '"
                               << name << "'";
}

static void printBuffer(OpAsmPrinter &printer, Operation *,
                        IntegerAttr buffer) {
  uint64_t value = buffer.getValue().getZExtValue();
  if (value < numBuffers)
    printer << stringify(static_cast<Buffer>(value));
  else // only in IR that does not verify
    printer << value;
}

#define GET_OP_CLASSES
#include "hdp/Dialect/HDPA/IR/HDPAOps.cpp.inc"

//===----------------------------------------------------------------------===//
// Sites and symbols
//===----------------------------------------------------------------------===//

Site SiteOp::toSite() {
  Site site;
  site.policy = getPolicy().getValue();
  site.scale = getScale().convertToDouble();
  site.Hq = getHq();
  site.Hkv = getHkv();
  site.Lq = getLq();
  site.Lk = getLk();
  site.d = getD();
  site.dv = getDv();
  site.causal = getCausal();
  site.hasMask = getMask();
  site.hasBias = getBias();
  site.dense = getDense();
  return site;
}

LogicalResult SiteOp::verify() {
  if (std::optional<std::string> problem = checkSite(toSite()))
    return emitOpError(*problem);
  return success();
}

hdp::machine::Symbol hdp::hdpa::SymbolOp::toSymbol() {
  hdp::machine::Symbol symbol;
  symbol.name = getName().str();
  symbol.direction =
      getOutput() ? hdp::machine::Symbol::Output : hdp::machine::Symbol::Input;
  symbol.bits = getBits();
  symbol.rows = getRows();
  symbol.columns = getColumns();
  symbol.address = getAddress();
  return symbol;
}

LogicalResult hdp::hdpa::SymbolOp::verify() {
  if (std::optional<std::string> problem = checkSymbol(toSymbol()))
    return emitOpError(*problem);
  return success();
}

//===----------------------------------------------------------------------===//
// Programs and commands
//===----------------------------------------------------------------------===//

Operation *hdp::hdpa::createCommand(OpBuilder &builder, Location loc,
                                    const Command &command) {
  OperationState state(loc, (HDPADialect::getDialectNamespace() + "." +
                             getInfo(command).mnemonic)
                                .str());
  std::visit(
      [&](const auto &alternative) {
        visitFields(alternative, [&](const char *name, auto value) {
          Type type =
              builder.getIntegerType(8 * sizeof(value), /*isSigned=*/false);
          state.addAttribute(
              name, IntegerAttr::get(type, APInt(8 * sizeof(value), value)));
        });
      },
      command);
  return builder.create(state);
}

FailureOr<Program> ProgramOp::toProgram() {
  Program program;
  program.arch = getArch(getMachine().toConfig());
  for (Operation &op : getBody().front()) {
    if (auto site = dyn_cast<SiteOp>(op)) {
      if (!program.symbols.empty() || !program.commands.empty())
        return op.emitOpError("expected sites before symbols and commands");
      program.sites.push_back(site.toSite());
    } else if (auto symbol = dyn_cast<hdp::hdpa::SymbolOp>(op)) {
      if (!program.commands.empty())
        return op.emitOpError("expected symbols before commands");
      program.symbols.push_back(symbol.toSymbol());
    } else if (auto command = dyn_cast<CommandOpInterface>(op)) {
      program.commands.push_back(command.toCommand());
    } else {
      return op.emitError("expected a site, a symbol or a command in a "
                          "program, found '")
             << op.getName() << "', which has no encoding";
    }
  }
  return program;
}

LogicalResult ProgramOp::verifyRegions() {
  FailureOr<Program> program = toProgram();
  if (failed(program))
    return failure();
  Config config = getMachine().toConfig();
  auto command = program->commands.begin();
  for (auto op : getBody().front().getOps<CommandOpInterface>())
    if (std::optional<std::string> problem =
            checkCommand(*program, *command++, config))
      return op->emitOpError(*problem);
  return success();
}
