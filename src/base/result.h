// Expected failure as a value. A function that can fail because of a peer, the network, the disk, a
// conflict, configuration or a limit returns Result<T>; exceptions are left for our own bugs.
#pragma once

#include <fmt/format.h>

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace pabal {

/// What the caller does next. The detail beside it is for our log and for the person at the command
/// line; what a peer is told is chosen at the protocol's edge.
enum class ErrorKind {
  kRetryLater,  ///< Nothing wrong with the request; the same may work in a while (disk full, peer busy).
  kRefuse,      ///< The request is wrong and stays wrong; say so to whoever made it.
  kClose,       ///< The connection is of no more use: the peer went away or broke its framing.
  kDeadline,    ///< A wait ran out; tell the peer if the protocol has a word for it, then close.
  kConflict,    ///< Somebody else changed what the request stood on; read again and retry.
  kCorrupt,     ///< Stored bytes are not what we wrote; an operator must look.
  kOverLimit,   ///< A named bound was reached; refuse, or slow down.
  kCancelled,   ///< We were told to stop; unwind.
};

std::string_view to_string(ErrorKind kind);

struct [[nodiscard]] Error {
  ErrorKind kind;
  std::string detail;

  /// The same error as seen one level of meaning further up: "reading account bob: <detail>".
  Error with_context(std::string_view what) && { return {kind, fmt::format("{}: {}", what, detail)}; }
};

template <class T>
using Result = std::expected<T, Error>;

/// `return fail(ErrorKind::kRefuse, "port {} is taken", port);`
template <class... Args>
std::unexpected<Error> fail(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected(Error{kind, fmt::format(format, std::forward<Args>(args)...)});
}

/// The failure of `result`, to hand on from a function that returns another Result.
template <class T>
std::unexpected<Error> failure_of(Result<T>&& result) {
  return std::unexpected(std::move(result).error());
}
template <class T>
std::unexpected<Error> failure_of(Result<T>&& result, std::string_view context) {
  return std::unexpected(std::move(result).error().with_context(context));
}

}  // namespace pabal

// PABAL_TRY(auto line, read_line(cursor));   evaluates, returns the error to our caller, or declares `line`
// PABAL_TRY_VOID(check(line));               the same for a Result<void>
// PABAL_CO_TRY, PABAL_CO_TRY_VOID            the same inside a coroutine
#define PABAL_DETAIL_JOIN2(a, b) a##b
#define PABAL_DETAIL_JOIN(a, b) PABAL_DETAIL_JOIN2(a, b)
#define PABAL_DETAIL_TRY(return_, tmp, declaration, ...)     \
  auto tmp = (__VA_ARGS__);                                  \
  if (!tmp) return_ std::unexpected(std::move(tmp).error()); \
  declaration = *std::move(tmp)
#define PABAL_DETAIL_TRY_VOID(return_, ...)                     \
  do {                                                          \
    if (auto pabal_result = (__VA_ARGS__); !pabal_result)       \
      return_ std::unexpected(std::move(pabal_result).error()); \
  } while (false)
#define PABAL_TRY(declaration, ...) \
  PABAL_DETAIL_TRY(return, PABAL_DETAIL_JOIN(pabal_result_, __LINE__), declaration, __VA_ARGS__)
#define PABAL_CO_TRY(declaration, ...) \
  PABAL_DETAIL_TRY(co_return, PABAL_DETAIL_JOIN(pabal_result_, __LINE__), declaration, __VA_ARGS__)
#define PABAL_TRY_VOID(...) PABAL_DETAIL_TRY_VOID(return, __VA_ARGS__)
#define PABAL_CO_TRY_VOID(...) PABAL_DETAIL_TRY_VOID(co_return, __VA_ARGS__)
