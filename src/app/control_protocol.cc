#include "app/control_protocol.h"

#include "base/utf8.h"

namespace pabal::app {
namespace {

constexpr ErrorKind kKinds[] = {ErrorKind::kRetryLater, ErrorKind::kRefuse,   ErrorKind::kClose,
                                ErrorKind::kDeadline,   ErrorKind::kConflict, ErrorKind::kCorrupt,
                                ErrorKind::kOverLimit,  ErrorKind::kCancelled};

Result<Error> parse_error(const Json& json) {
  const Json* kind = json.find("kind");
  const Json* message = json.find("message");
  if (!kind || !kind->as_text() || !message || !message->as_text())
    return fail(ErrorKind::kRefuse, "an error needs a kind and a message");
  for (const ErrorKind each : kKinds) {
    if (to_string(each) == *kind->as_text()) return Error{each, *message->as_text()};
  }
  return fail(ErrorKind::kRefuse, "an unknown kind of error: {}", *kind->as_text());
}

Json to_json(const Error& error) {
  return Json::object({{"kind", to_string(error.kind)}, {"message", repair_utf8(error.detail)}});
}

Json to_json(const ControlAnswer& answer) {
  if (const auto* item = std::get_if<ControlItem>(&answer)) return Json::object({{"item", item->item}});
  if (const auto* progress = std::get_if<ControlProgress>(&answer))
    return Json::object({{"progress", progress->text}});
  const ControlEnd& end = std::get<ControlEnd>(answer);
  return end ? Json::object({{"result", *end}}) : Json::object({{"error", to_json(end.error())}});
}

}  // namespace

std::string to_line(const ControlRequest& request) {
  return Json::object({{"method", request.method}, {"params", request.params}}).to_text() + "\n";
}

std::string to_line(const ControlAnswer& answer) { return to_json(answer).to_text() + "\n"; }

Result<ControlRequest> parse_request(std::string_view line) {
  PABAL_TRY(const Json json, Json::parse(line));
  if (!json.as_object()) return fail(ErrorKind::kRefuse, "a request is an object with a method and params");
  const Json* method = json.find("method");
  if (!method || !method->as_text()) return fail(ErrorKind::kRefuse, "the request names no method");
  for (const Json::Member& member : *json.as_object()) {
    if (member.name != "method" && member.name != "params")
      return fail(ErrorKind::kRefuse, "a request has a method and params, not '{}'",
                  utf8_prefix(member.name, 64));
  }
  const Json* params = json.find("params");
  return ControlRequest{*method->as_text(), params ? *params : Json()};
}

Result<ControlAnswer> parse_answer(std::string_view line) {
  PABAL_TRY(const Json json, Json::parse(line));
  if (const Json* item = json.find("item")) return ControlItem{*item};
  if (const Json* progress = json.find("progress"); progress && progress->as_text())
    return ControlProgress{*progress->as_text()};
  if (const Json* result = json.find("result")) return ControlEnd(*result);
  if (const Json* json_error = json.find("error")) {
    PABAL_TRY(Error error, parse_error(*json_error));
    return ControlEnd(std::unexpected(std::move(error)));
  }
  return fail(ErrorKind::kRefuse, "an answer that is none");
}

}  // namespace pabal::app
