#include "jmap/api.h"

#include <algorithm>
#include <optional>

#include "jmap/detail/call.h"

namespace pabal::jmap {
namespace {

using detail::Batch;
using detail::Call;
using detail::Response;

/// Filters nest, and so do the parts of a letter that is to be made; each level is an object and a list.
constexpr std::size_t kMaxDepth = 128;

struct Invocation {
  std::string_view name;
  const Json* arguments = nullptr;
  std::string_view call_id;
};

struct Request {
  std::vector<std::string_view> using_ = {};
  std::vector<Invocation> calls = {};
  const Json::Object* created = nullptr;
};

std::optional<Invocation> read_invocation(const Json& json) {
  const Json::Array* items = json.as_array();
  if (items == nullptr || items->size() != 3) return {};
  const std::string* name = (*items)[0].as_text();
  const std::string* call_id = (*items)[2].as_text();
  if (name == nullptr || call_id == nullptr || (*items)[1].as_object() == nullptr) return {};
  return Invocation{*name, &(*items)[1], *call_id};
}

// Other members are for extensions that we do not know (RFC 8620 §3.3).
std::optional<Request> read_request(const Json& json) {
  Request out;
  const Json* names = json.find("using");
  const Json* calls = json.find("methodCalls");
  if (names == nullptr || calls == nullptr || !names->as_array() || !calls->as_array()) return {};
  for (const Json& name : *names->as_array()) {
    if (name.as_text() == nullptr) return {};
    out.using_.push_back(*name.as_text());
  }
  for (const Json& call : *calls->as_array()) {
    const auto invocation = read_invocation(call);
    if (!invocation) return {};
    out.calls.push_back(*invocation);
  }
  if (const Json* created = json.find("createdIds"); created != nullptr && !created->is_null()) {
    out.created = created->as_object();
    if (out.created == nullptr) return {};
    const auto is_pair = [](const Json::Member& member) {
      return is_id(member.name) && member.value.as_text() != nullptr && is_id(*member.value.as_text());
    };
    if (!std::ranges::all_of(*out.created, is_pair)) return {};
  }
  return out;
}

/// What must be right of every call that is about an account.
std::optional<MethodError> check_account(const Caller& caller, const Json& arguments) {
  const Json* given = arguments.find("accountId");
  if (given == nullptr || given->as_text() == nullptr)
    return MethodError("invalidArguments", "accountId must be there, and be a string");
  if (*given->as_text() != account_id(caller.account)) return MethodError("accountNotFound");
  return {};
}

class Run {
 public:
  Run(Batch& batch, const Request& request) : batch_(batch), request_(request) {}

  net::Task<void> all() {
    for (const Invocation& call : request_.calls) co_await one(call.name, *call.arguments, call.call_id);
  }

 private:
  net::Task<void> one(std::string_view name, const Json& arguments, std::string_view call_id) {
    std::vector<Call::Follower> followers;
    const std::size_t before = batch_.out.size();
    begin(name, call_id);
    const Outcome outcome = co_await answer(name, arguments, followers);
    if (outcome) {
      end(call_id);
    } else {
      batch_.out.resize(before);
      begin("error", call_id);
      JsonWriter out(batch_.out);
      outcome.error().write(out);
      end(call_id);
    }
    for (const Call::Follower& follower : followers)
      co_await one(names_.emplace_back(std::make_unique<const std::string>(follower.name))->c_str(),
                   follower.arguments, call_id);
  }

  net::Task<Outcome> answer(std::string_view name, const Json& arguments,
                            std::vector<Call::Follower>& followers) {
    const detail::Method* method = detail::find_method(name);
    if (method == nullptr || std::ranges::find(request_.using_, method->capability) == request_.using_.end())
      co_return method_error("unknownMethod");
    std::expected<Json, MethodError> resolved{Json()};
    const Json* given = &arguments;
    if (has_reference(arguments)) {
      // This call's own response is under way, and not to be referred to.
      resolved = detail::resolve_references(arguments, std::span(responses_).first(responses_.size() - 1),
                                            batch_.out);
      if (!resolved) co_return std::unexpected(resolved.error());
      given = &*resolved;
    }
    if (method->needs_account) {
      if (auto wrong = check_account(batch_.caller, *given)) co_return std::unexpected(*std::move(wrong));
    }
    Call call(batch_, *given->as_object());
    Outcome outcome = co_await method->run(call);
    if (outcome) followers = std::move(call.followers);
    if (!outcome && outcome.error().type == "serverFail") {
      batch_.api.services().log.error(
          "a JMAP method failed",
          {{"account", batch_.caller.account}, {"method", name}, {"error", outcome.error().description}});
      outcome.error().description = "something went wrong here; the operator finds it in the log";
    }
    co_return outcome;
  }

  static bool has_reference(const Json& arguments) {
    return std::ranges::any_of(*arguments.as_object(),
                               [](const Json::Member& member) { return member.name.starts_with('#'); });
  }

  void begin(std::string_view name, std::string_view call_id) {
    if (!responses_.empty() && responses_.back().end == 0) responses_.pop_back();
    JsonWriter(batch_.out).begin_array().text(name);
    batch_.out.push_back(',');
    responses_.push_back({call_id, name, batch_.out.size(), 0});
  }
  void end(std::string_view call_id) {
    responses_.back().end = batch_.out.size();
    JsonWriter(batch_.out).text(call_id).end_array();
  }

  Batch& batch_;
  const Request& request_;
  std::vector<Response> responses_;
  std::vector<std::unique_ptr<const std::string>> names_;
};

}  // namespace

namespace detail {

std::string_view Call::resolve(std::string_view id) const {
  if (!id.starts_with('#')) return id;
  const auto found = batch_.created.find(id.substr(1));
  return found != batch_.created.end() ? std::string_view(found->second) : std::string_view();
}

void Call::note_created(std::string_view creation_id, std::string id) {
  batch_.created.insert_or_assign(std::string(creation_id), std::move(id));
}

}  // namespace detail

ApiAnswer problem(int status, std::string_view type, std::string_view detail, std::string_view limit) {
  ApiAnswer out{.status = status, .body = {}};
  JsonWriter writer(out.body);
  writer.begin_object().key("type").text(fmt::format("urn:ietf:params:jmap:error:{}", type));
  writer.key("status").number(static_cast<std::uint64_t>(status)).key("detail").text(detail);
  if (!limit.empty()) writer.key("limit").text(limit);
  writer.end_object();
  return out;
}

Api::Api(ApiServices services, ApiLimits limits)
    : services_(std::move(services)),
      limits_(limits),
      snapshots_(services_.mailboxes, services_.notes),
      letter_keys_(services_.mailboxes, services_.workers) {}
Api::~Api() = default;

net::Task<ApiAnswer> Api::handle(Caller caller, std::string_view body) {
  if (body.size() > limits_.max_size_request)
    co_return problem(400, "limit", fmt::format("A request may have {} bytes", limits_.max_size_request),
                      "maxSizeRequest");
  const auto json = Json::parse(body, {.max_depth = kMaxDepth, .unique_names = true});
  if (!json) co_return problem(400, "notJSON", json.error().detail);
  const auto request = read_request(*json);
  if (!request)
    co_return problem(400, "notRequest",
                      "A request has \"using\", a list of strings, and \"methodCalls\", a list of "
                      "[name, arguments, id]");
  for (const std::string_view name : request->using_) {
    if (!is_capability(name))
      co_return problem(400, "unknownCapability", fmt::format("{} is not known here", name));
  }
  if (request->calls.size() > limits_.max_calls_in_request)
    co_return problem(400, "limit", fmt::format("A request may have {} calls", limits_.max_calls_in_request),
                      "maxCallsInRequest");

  Batch batch{.api = *this, .caller = std::move(caller)};
  if (request->created != nullptr) {
    for (const Json::Member& member : *request->created)
      batch.created.emplace(member.name, *member.value.as_text());
  }
  JsonWriter out(batch.out);
  out.begin_object().key("methodResponses").begin_array();
  Run run(batch, *request);
  co_await run.all();
  out.end_array();
  if (request->created != nullptr) {
    out.key("createdIds").begin_object();
    for (const auto& [creation_id, id] : batch.created) out.key(creation_id).text(id);
    out.end_object();
  }
  out.key("sessionState").text(session_state(batch.caller)).end_object();
  co_return ApiAnswer{.status = 200, .body = std::move(batch.out)};
}

}  // namespace pabal::jmap
