// One session at work: what the families of commands (commands/*.cc) share. The loop is in session.cc, the
// table of commands in commands/table.cc, what the client knows of its folder in detail/selected.h.
//
// An answer goes through three places. A command appends untagged responses to out(), lets them go with
// flush() when they are many, and returns its Reply. Then the session tells what changed in the folder, as
// far as the command allows it, and writes the tagged line. What is in out() is sent when the session next
// waits for the client.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/cursor.h"
#include "imap/detail/command_reader.h"
#include "imap/detail/rows.h"
#include "imap/detail/selected.h"
#include "imap/session.h"

namespace pabal::imap::detail {

/// One bit each, so that a command's row can name those in which it is allowed (RFC 9051 §3).
enum class State : std::uint8_t { kGreeted = 1, kLoggedIn = 2, kSelected = 4 };

/// The tagged line.
struct Reply {
  /// kSaid: the command has written its tagged line itself.
  enum class Status : std::uint8_t { kOk, kNo, kBad, kSaid } status = Status::kOk;
  std::string code;  ///< without its brackets
  std::string text;
};
Reply ok(std::string_view text);
Reply no(std::string_view code, std::string_view text);
Reply bad(std::string_view text);
/// What a failure of ours or of the store means to the client; `over_limit` is the code for kOverLimit.
Reply reply_for(const Error& error, std::string_view over_limit = "LIMIT");

/// The same where the failure may be the connection's: then it ends the session.
Result<Reply> reply_or_end(const Error& error);

/// A failure ends the session; whatever the client did wrong is a Reply.
using Answer = net::Task<Result<Reply>>;
using Step = net::Task<Result<void>>;

/// A command as it came. Its text is good until the command reads on from the client.
struct Request {
  std::string_view text;
  std::size_t name_end = 0;
  bool by_uid = false;  ///< UID stood in front
  std::string_view tag = {};

  /// Right behind the name.
  Cursor arguments() const {
    Cursor in(text);
    in.rewind_to(name_end);
    return in;
  }
};

class Session;
class Notifier;

/// What is particular about a command; one bit each.
enum Trait : unsigned {
  kPlain = 0,
  /// While it is answered no sequence number may change: no EXPUNGE is told (RFC 9051 §7.5.1).
  kKeepsNumbers = 1,
  /// It names letters by their sequence numbers, or tells them: not with UIDONLY (RFC 9586 §3).
  kByNumber = 2,
  /// Clients send it to hear what is new: other nodes are asked too.
  kAsksForNews = 4,
};

/// A command as a row of the table.
struct Command {
  std::string_view name;  ///< "FETCH", "UID FETCH"
  unsigned states;
  unsigned traits;
  Answer (*run)(Session& session, Request request);
};
/// commands/table.cc
const Command* find_command(std::string_view name, bool by_uid);

/// What was enabled (RFC 5161); for good.
struct Enabled {
  bool imap4rev2 = false;
  bool utf8 = false;
  bool condstore = false;
  bool qresync = false;
  bool uid_only = false;
  bool metadata = false;
  bool compressed = false;  ///< COMPRESS, which is not ENABLEd
};

class Session {
 public:
  Session(net::Connection& connection, ImapServices& services, const ImapOptions& options);

  ~Session();

  // A session's life is greet(); hand_over(), wait_for_client() and serve_client() again and again; leave().
  // serve_imap() awaits them side by side, so that a silent client costs no frame but its own.
  Step greet();
  /// What was said goes to the client, unless more of it can be answered first.
  Step hand_over();
  Step wait_for_client();
  Step serve_client();
  net::Task<void> leave(Result<void> why);
  SessionSummary& summary() { return summary_; }

  net::Connection& connection() { return connection_; }
  ImapServices& services() { return services_; }
  mailbox::Mailboxes& mailboxes() { return services_.mailboxes; }
  const ImapOptions& options() const { return options_; }
  CommandReader& reader() { return reader_; }
  const CommandLimits& limits() const {
    return state_ == State::kGreeted ? options_.before_login : options_.after_login;
  }
  net::Deadline in(std::chrono::nanoseconds span) const { return connection_.loop().in(span); }

  State state() const { return state_; }
  /// Of the command under way; empty in IDLE.
  std::string_view tag() const { return tag_; }
  const Dialect& dialect() const { return dialect_; }
  Enabled& enabled() { return enabled_; }
  /// Whoever enabled something that changes the dialect says so.
  void renew_dialect() { dialect_.utf8 = enabled_.utf8 || enabled_.imap4rev2; }

  account::AccountId account() const { return account_; }
  const std::string& login() const { return summary_.login; }
  /// kOverLimit: it has too many connections.
  Result<void> log_in(account::AccountId account, std::string name);

  /// The folder that is open; null if none is.
  Selected* selected() { return selected_.get(); }
  const Selected* selected() const { return selected_.get(); }
  void select(std::unique_ptr<Selected> selected);
  void unselect();

  /// IDLE goes on when its command has been answered with "+", until the client says DONE.
  void begin_idle(std::string_view tag);
  bool is_idling() const { return !idle_tag_.empty(); }

  /// What the client wants to hear of while it is silent; null as long as it never said NOTIFY.
  Notifier* notifier() { return notifier_.get(); }
  void set_notifier(std::unique_ptr<Notifier> notifier);

  // Answering.
  std::string& out() { return out_; }
  /// Sends what is there if it is much; long answers call it now and then.
  Step flush();
  /// Sends all of it now.
  Step flush_all();
  /// Says what changed in the folder since the client was told last. Waits for the store only if this node
  /// does not hold the folder. `look_elsewhere` asks for other nodes' changes too. Where flags are no news by
  /// themselves they wait for others.
  Step tell_changes(bool may_renumber, bool look_elsewhere = false, bool flags_are_news = true);
  /// The rights on the open folder, which is another's, as they are now. Without the right to read, the
  /// session ends.
  Step renew_rights();
  /// How rows of the open folder are written. Waits only if this node does not hold the account.
  net::Task<Result<RowStyle>> row_style();
  void tell_keywords(const RowStyle& style);
  /// The tagged line before the command ends: in front of a handshake.
  Step say_now(std::string_view tag, const Reply& reply);
  /// Whether untagged FETCH responses name the UID too: always with QRESYNC (RFC 7162 §3.2.4) and NOTIFY
  /// (RFC 5465 §5.1), and in commands by UID.
  bool tells_uids() const { return enabled_.qresync || enabled_.uid_only || by_uid_ || notifier_; }
  /// Notes that nothing more is to come behind the reply.
  void end(SessionSummary::End how, std::string_view why = {});
  /// Waits and commands get no longer than that.
  bool is_ending() const { return ending_; }

  /// The last change of METADATA that a client which enabled it was told of.
  std::uint64_t& metadata_told() { return metadata_told_; }

  std::size_t& login_failures() { return login_failures_; }

 private:
  net::Deadline silence() const;
  Step serve_command();
  Step end_idle();
  Step obey(CommandText command);
  Step finish_command(std::string_view tag, const Command* command, Result<Reply> reply);
  Step refuse_command(const Error& why);
  std::optional<Reply> objection(const Command& command) const;
  void say(std::string_view tag, const Reply& reply);
  Step write_out();

  net::Connection& connection_;
  ImapServices& services_;
  const ImapOptions& options_;
  CommandReader reader_;

  State state_ = State::kGreeted;
  bool ending_ = false;
  bool by_uid_ = false;  ///< the command under way
  std::string_view tag_;
  Enabled enabled_;
  Dialect dialect_;
  account::AccountId account_;
  account::Connections::Place place_;
  std::unique_ptr<Selected> selected_;
  std::unique_ptr<Notifier> notifier_;
  std::string out_;
  std::string idle_tag_;
  SessionSummary summary_;
  std::uint64_t metadata_told_ = 0;
  std::size_t login_failures_ = 0;
  std::size_t errors_in_a_row_ = 0;
};

/// IDLE (commands/idle.cc): tells the client each change as it comes, until the client says something; then
/// whether that was DONE.
Step tell_news_until_input(Session& session);
Answer hear_done(Session& session);

/// The greeting's and CAPABILITY's list, by what the session may do now (commands/any.cc).
std::string capabilities(Session& session);

}  // namespace pabal::imap::detail
