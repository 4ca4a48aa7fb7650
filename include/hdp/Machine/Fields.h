//===- Fields.h - the fields of commands by kind ----------------*- C++ -*-===//
//
// A field's name means the same in every command. Checks and passes ask for the
// kind, which costs nothing at run time; listings and ops use the text.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_MACHINE_FIELDS_H
#define HDP_MACHINE_FIELDS_H

#include "hdp/Machine/Command.h"

namespace hdp::machine {

/// Every name that Commands.def has for a field.
enum class Field : uint8_t {
  core,
  cores,
  site,
  slot,
  queue,
  predicate,
  buffer,
  fresh,
  pooled,
  measure,
  first,
  symbol,
  query_exponents,
  key_exponents,
  query_head,
  key_head,
  row,
  rows,
  key,
  block_row,
  block_rows,
  column,
  columns,
  valid_rows,
  bias_rows,
  address,
  sum_address,
  mask_address,
  query_address,
  query_fraction,
  key_address,
  key_fraction,
  valid_address,
  bias_address,
  theta_address,
  stat_address,
  score_address,
  term_address,
  value_address,
  acc_address,
  out_address
};

/// Whether a field is an address of a scratchpad.
constexpr bool isAddress(Field field) { return field >= Field::address; }

/// Bytes of a word of the memory that an address is of; 1 for other fields.
constexpr unsigned getAlignment(Field field) {
  switch (field) {
  case Field::acc_address:
    return 8;
  case Field::theta_address:
  case Field::score_address:
  case Field::stat_address:
  case Field::term_address:
  case Field::sum_address:
  case Field::bias_address:
    return 4;
  case Field::out_address:
    return 2;
  default:
    return 1;
  }
}

/// Calls `visit(kind, value)` for each field of a command, in stream order,
/// `kind` being a constant of type Field.
#define HDP_COMMAND(Name, opcode, unit, mnemonic, sentence)                    \
  template <typename CommandT, typename Visitor>                               \
  std::enable_if_t<std::is_same_v<std::decay_t<CommandT>, Name##Command>>      \
  visitKinds(CommandT &command, Visitor visit) {
#define HDP_FIELD(type, name, sentence)                                        \
  visit(std::integral_constant<Field, Field::name>(), command.name);
#define HDP_END(Name) }
#include "hdp/Machine/Commands.def"

/// Calls `visit(field, value)` for each address of a command.
template <typename CommandT, typename Visitor>
void visitAddresses(CommandT &command, Visitor visit) {
  std::visit(
      [&](auto &alternative) {
        visitKinds(alternative, [&](auto kind, auto &value) {
          if constexpr (isAddress(kind))
            visit(Field(kind), value);
        });
      },
      command);
}

} // namespace hdp::machine

#endif // HDP_MACHINE_FIELDS_H
