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

/// A number, or `@buffer[turn]`.
static ParseResult parseAddress(OpAsmParser &parser, Attribute &address) {
  Builder &builder = parser.getBuilder();
  StringAttr name;
  if (failed(parser.parseOptionalSymbolName(name))) {
    IntegerAttr number;
    if (parser.parseAttribute(number,
                              builder.getIntegerType(32, /*isSigned=*/false)))
      return failure();
    address = number;
    return success();
  }
  uint32_t turn = 0;
  if (parser.parseLSquare() || parser.parseInteger(turn) ||
      parser.parseRSquare())
    return failure();
  address =
      TurnAttr::get(builder.getContext(), FlatSymbolRefAttr::get(name), turn);
  return success();
}

static void printAddress(OpAsmPrinter &printer, Operation *,
                         Attribute address) {
  if (auto turn = dyn_cast<TurnAttr>(address))
    printer << turn.getBuffer() << "[" << turn.getTurn() << "]";
  else if (auto number = dyn_cast<IntegerAttr>(address))
    printer << number.getValue().getZExtValue();
  else // only in IR that does not verify
    printer << address;
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
  if (std::optional<StringRef> contents = getContents()) {
    if (!getOutput())
      symbol.direction = hdp::machine::Symbol::Constant;
    std::string bytes;
    if (llvm::tryGetFromHex(*contents, bytes))
      symbol.contents.assign(bytes.begin(), bytes.end());
  }
  return symbol;
}

LogicalResult hdp::hdpa::SymbolOp::verify() {
  std::string bytes;
  if (getContents() && !llvm::tryGetFromHex(*getContents(), bytes))
    return emitOpError("expected contents in hexadecimal");
  if (std::optional<std::string> problem = checkSymbol(toSymbol()))
    return emitOpError(*problem);
  return success();
}

NamedBuffer BufferOp::toBuffer() {
  return {getName().str(), static_cast<Buffer>(getScratchpad()), getBytes(),
          getSlots()};
}
