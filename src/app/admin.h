// Administration as a table of methods: name, parameters, what comes back, handler. The table is the one
// place where an operator's command exists: `pabal` makes its commands, help and completion from it, the
// control socket calls it, and so may an HTTP API.
//
//     {"account.add", "Add an account", {{"address", ParamType::kAddress, kRequired, "..."}}, ...,
//     add_account} pabal account add bob@example.org
//     {"method":"account.add","params":{"address":"bob@example.org"}}
//
// To add a method, add its row to one of the tables in app/admin/; nothing else needs to know of it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "account/address.h"
#include "account/credentials.h"
#include "account/directory.h"
#include "base/json.h"
#include "base/result.h"
#include "journey/live.h"
#include "mailbox/mailboxes.h"
#include "net/task.h"
#include "store/embedded.h"

namespace pabal::queue {
class QueueAdmin;
}

namespace pabal::app {

class ServerControl;

/// What methods work on. All of it outlives the calls.
struct AdminServices {
  const Clock& clock;
  Random& random;
  store::EmbeddedEngine& store;
  account::Directory& directory;
  account::Credentials& credentials;
  mailbox::Mailboxes* mailboxes = nullptr;
  ServerControl* server = nullptr;     ///< null when a command has opened the store itself
  journey::Live* journeys = nullptr;   ///< of letters under way; null where none are
  queue::QueueAdmin* queue = nullptr;  ///< the same
};

/// What only a running server can tell or do.
class ServerControl {
 public:
  virtual ~ServerControl() = default;
  virtual Json status() const = 0;
  virtual std::string metrics() const = 0;
  /// Reads the configuration again. The answer says what changed; kRefuse, with every fault, leaves all
  /// as it was.
  virtual net::Task<Result<Json>> reload() = 0;
};

enum class ParamType : std::uint8_t {
  kText,
  kDomain,
  kAddress,
  kSize,  ///< a number of bytes, or "2 GiB"
  kNumber,
  kBool,
  kFlag,   ///< true or absent; on the command line an option without a value
  kTexts,  ///< an array
  kAddresses,
  kPath,      ///< on the command line relative to where the person is; made absolute before it is sent
  kPassword,  ///< text that is never shown or logged, and is typed without an echo
};

enum class Need : std::uint8_t {
  kRequired,  ///< an argument on the command line
  kOptional,  ///< an option
};

struct Param {
  std::string_view name;  ///< snake_case; on the command line --kebab-case
  ParamType type;
  Need need;
  std::string_view doc;
  std::vector<std::string_view> choices = {};  ///< empty: anything of that type
};

/// How a command line shows what came back. A script asks for JSON and sees the fields themselves.
struct Column {
  enum class As : std::uint8_t { kText, kSize, kTime, kDuration };
  std::string_view field;
  std::string_view title;
  As as = As::kText;
};
struct Show {
  enum class Shape : std::uint8_t {
    kSentence,  ///< `sentence`, with {field} filled in from the result
    kDetails,   ///< the result's fields, one a line
    kTable,     ///< the items, one a line
    kText,      ///< the result is a text, or has one in `text`
    kStream,    ///< the items' `text` as they come, without an end; a script gets an item a line
    kBytes,     ///< the items are pieces of bytes, {"base64": "..."}, which are written out as they are
  };
  Shape shape = Shape::kSentence;
  std::string_view sentence = {};  ///< for a table: what to say when there are no items
  std::vector<Column> columns = {};
};

/// Takes what a method sends before its result. A caller that does not read slows the method down.
class Reply {
 public:
  virtual ~Reply() = default;
  /// One of a list: lists come item by item, so that no answer needs more memory than one.
  virtual net::Task<Result<void>> item(Json item) = 0;
  /// The items so far are not to wait for others: somebody looks on.
  virtual net::Task<Result<void>> flush() = 0;
  /// For a person who waits. An empty one only shows whether anybody still does.
  virtual net::Task<Result<void>> progress(std::string text) = 0;
};

/// Parameters that fit the method's row: those that are required are there, all have their types.
class Params {
 public:
  explicit Params(Json values) : values_(std::move(values)) {}

  bool has(std::string_view name) const { return find(name) != nullptr; }
  bool flag(std::string_view name) const;
  std::string text(std::string_view name) const;  ///< empty if absent
  std::optional<std::string> find_text(std::string_view name) const;
  std::optional<std::int64_t> find_number(std::string_view name) const;
  std::vector<std::string> texts(std::string_view name) const;
  // Parsed; kRefuse in words if it can't be.
  Result<account::Address> address(std::string_view name) const;
  Result<std::vector<account::Address>> addresses(std::string_view name) const;
  Result<account::DomainName> domain(std::string_view name) const;
  Result<std::uint64_t> size(std::string_view name) const;

 private:
  const Json* find(std::string_view name) const;
  Json values_;
};

/// Runs on the loop that owns the services. The params and the reply live as long as the call.
using Handler = net::Task<Result<Json>> (*)(AdminServices& services, const Params& params, Reply& reply);

struct Method {
  std::string_view name;  ///< "account.app_password.add" is `pabal account app-password add`
  std::string_view summary;
  std::vector<Param> params;
  Show show;
  Handler handler;
  std::string_view example = {};  ///< what follows `pabal`, for --help
  bool server_only = false;       ///< makes no sense in a command that opened the store itself
};

/// Every method there is, in the order in which help shows them.
std::vector<Method> admin_methods();
/// What a group of commands is about, for help: "account" is "Mailboxes and who may open them".
std::string_view admin_group_summary(std::string_view group);

class Admin {
 public:
  Admin(AdminServices services, std::vector<Method> methods)
      : services_(services), methods_(std::move(methods)) {}

  /// Checks the parameters against the row and runs the handler. kRefuse for an unknown method or
  /// parameter too. The caller keeps this object and the reply alive until it returns.
  net::Task<Result<Json>> execute(std::string method, Json params, Reply& reply);

 private:
  AdminServices services_;
  const std::vector<Method> methods_;
};

/// kRefuse names the parameter that is missing, unknown or of another type.
Result<Params> check_params(const Method& method, Json values);

}  // namespace pabal::app
