// Any bytes as a line of the control socket, from either end, and on to the check of parameters.
#include <cstdlib>

#include "app/admin.h"
#include "app/control_protocol.h"

using namespace pabal;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<app::Method> methods = app::admin_methods();
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  if (const auto request = app::parse_request(line)) {
    for (const app::Method& method : methods) {
      if (method.name == request->method) std::ignore = app::check_params(method, request->params);
    }
    // What was understood is written so that it is understood again.
    std::string written = app::to_line(*request);
    written.pop_back();
    const auto again = app::parse_request(written);
    if (!again || again->method != request->method || written.find('\n') != std::string::npos) std::abort();
  }
  if (const auto answer = app::parse_answer(line)) {
    std::string written = app::to_line(*answer);
    written.pop_back();
    if (!app::parse_answer(written) || written.find('\n') != std::string::npos) std::abort();
  }
  return 0;
}
