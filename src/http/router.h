// Which handler answers a path: exact paths first, then the longest prefix. Filled at the start, and not
// changed while it serves; any loop's thread.
#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "http/handler.h"

namespace pabal::http {

/// The methods of a route. HEAD comes with GET; OPTIONS is answered by the router.
using Methods = std::initializer_list<Method>;

class Router final : public Handler {
 public:
  /// The path itself, without a query. Handlers outlive the router.
  void add(std::string_view path, Methods methods, Handler& handler);
  /// Every path that begins so and has no route of its own; `/jmap/download/` does not match
  /// `/jmap/download`. The prefix `/` matches all.
  void add_prefix(std::string_view prefix, Methods methods, Handler& handler);

  /// Without a route: 404. With one, but not for that method: 405 and the methods that it has (RFC 9110
  /// §15.5.6).
  net::Task<void> serve(Exchange& exchange) override;

 private:
  struct Route {
    std::vector<Method> methods;
    Handler* handler;
    bool allows(Method method) const;
    std::string allowed() const;
  };
  const Route* find(std::string_view path) const;

  std::map<std::string, Route, std::less<>> exact_;
  std::map<std::string, Route, std::greater<>> prefixes_;
};

}  // namespace pabal::http
