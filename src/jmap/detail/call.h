// One method call under way, and the table of methods.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "jmap/api.h"
#include "jmap/arguments.h"
#include "jmap/error.h"
#include "jmap/ids.h"
#include "jmap/json_writer.h"
#include "jmap/session.h"

namespace pabal::jmap::detail {

/// What all calls of a request share.
struct Batch {
  Api& api;
  Caller caller;
  std::map<std::string, std::string, std::less<>> created = {};  ///< creation id to id (RFC 8620 §3.3)
  std::string out = {};                                          ///< the response, as far as it is written
};

class Call {
 public:
  Call(Batch& batch, const Json::Object& arguments) : arguments(arguments), batch_(batch) {}

  const Json::Object& arguments;

  Api& api() { return batch_.api; }
  const ApiServices& services() const { return batch_.api.services(); }
  const ApiLimits& limits() const { return batch_.api.limits(); }
  const Caller& caller() const { return batch_.caller; }
  account::AccountId account() const { return batch_.caller.account; }
  store::PartitionId partition() const { return account::partition_of(account()); }
  mailbox::Mailboxes& mailboxes() { return services().mailboxes; }
  net::Task<Result<SnapshotRef>> snapshot() { return api().snapshots().load(account()); }

  /// The arguments, `accountId` already looked at.
  Arguments read() {
    Arguments in(arguments);
    in.pass_over("accountId");
    return in;
  }
  JsonWriter out() { return JsonWriter(batch_.out); }
  bool answer_is_full() const { return batch_.out.size() > batch_.api.limits().max_answer_bytes; }

  /// "#k1" is what was created as k1 in this request; anything else is itself. An empty text for a creation
  /// id that is not known.
  std::string_view resolve(std::string_view id) const;
  void note_created(std::string_view creation_id, std::string id);

  /// A call that follows from this one, under the same call id (RFC 8620 §3.2), with arguments of its own.
  struct Follower {
    std::string name;
    Json arguments;
  };
  std::vector<Follower> followers;

 private:
  Batch& batch_;
};

using Answer = net::Task<Outcome>;

struct Method {
  std::string_view name;
  std::string_view capability;
  Answer (*run)(Call& call);
  bool needs_account = true;
};
const Method* find_method(std::string_view name);

/// RFC 8620 §3.7: the arguments with all references resolved, if there are any.
struct Response {
  std::string_view call_id;
  std::string_view name;
  std::size_t begin = 0;  ///< of its arguments in the output
  std::size_t end = 0;
};
std::expected<Json, MethodError> resolve_references(const Json& arguments,
                                                    std::span<const Response> responses,
                                                    std::string_view out);

}  // namespace pabal::jmap::detail
