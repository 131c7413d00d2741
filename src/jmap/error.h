// Errors as clients see them: of a whole request (RFC 8620 §3.6.1), of a method (§3.6.2), of one record that
// was to be set (§5.3). Values; any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "jmap/json_writer.h"

namespace pabal::jmap {

struct MethodError {
  std::string type;
  std::string description = {};

  MethodError(std::string_view error_type, std::string text = {})
      : type(error_type), description(std::move(text)) {}
  /// What went wrong below, in the client's words: come again, or tell the operator. Implicit, so that
  /// PABAL_CO_TRY passes it up.
  MethodError(Error error);  // NOLINT(google-explicit-constructor)

  void write(JsonWriter& out) const;
};

using Outcome = std::expected<void, MethodError>;
inline std::unexpected<MethodError> method_error(std::string_view type, std::string description = {}) {
  return std::unexpected(MethodError(type, std::move(description)));
}

struct SetError {
  std::string type;
  std::string description = {};
  std::vector<std::string> properties = {};  ///< of invalidProperties
  std::string existing_id = {};              ///< of alreadyExists
  std::vector<std::string> not_found = {};   ///< of blobNotFound
  std::vector<std::string> recipients = {};  ///< of invalidRecipients
  std::optional<std::uint64_t> max = {};     ///< of tooLarge (maxSize) and tooManyRecipients (maxRecipients)

  /// What a change of the mailbox was refused with.
  static SetError of(const Error& error);

  void write(JsonWriter& out) const;
};

template <class T>
using Settled = std::expected<T, SetError>;
inline std::unexpected<SetError> set_error(std::string_view type, std::string description = {}) {
  return std::unexpected(SetError{.type = std::string(type), .description = std::move(description)});
}
inline std::unexpected<SetError> invalid_property(std::string property, std::string why) {
  return std::unexpected(SetError{
      .type = "invalidProperties", .description = std::move(why), .properties = {std::move(property)}});
}

}  // namespace pabal::jmap
