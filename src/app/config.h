// The configuration: one TOML file, read by one schema.
//
// ConfigSchema has a row for every option (config_schema.cc): its name, type, default, range, whether a
// reload applies it, and a sentence of documentation. Reading, checking, showing, comparing and the
// reference text all walk these rows, so an option is written once: a member of Config and a row.
//
// An empty file, or none, is a working configuration. All faults of a file are told, not only the first,
// each with its line and with what is allowed.
//
// Values only; any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "account/address.h"
#include "base/log.h"
#include "base/result.h"
#include "net/endpoint.h"
#include "pop3/deletion.h"
#include "queue/routes.h"

namespace pabal::app {

/// A file longer than this is not a configuration.
inline constexpr std::size_t kMaxConfigBytes = std::size_t{1} << 20;
/// More faults than anybody reads; the rest are counted.
inline constexpr std::size_t kMaxConfigFaults = 100;

using Duration = std::chrono::milliseconds;

enum class TlsMode : std::uint8_t {
  kNone,
  kStartTls,  ///< plain at first, upgraded on the client's word
  kImplicit,  ///< TLS from the first byte
};

/// What the options mean is said in their rows (config_schema.cc), and in docs/configuration.md.
struct Config {
  struct Server {
    std::string hostname;  ///< empty: the machine's
    std::filesystem::path data_dir;
    std::string user;       ///< empty: stay who we are
    std::string group;      ///< empty: the user's
    std::size_t loops = 0;  ///< 0: one a processor
    Duration drain_timeout{};
  } server;

  struct Log {
    LogLevel level = LogLevel::kInfo;
    LogFormat format = LogFormat::kText;
    std::filesystem::path file;  ///< empty: standard error
  } log;

  struct Admin {
    std::filesystem::path socket;  ///< empty: see admin_socket()
  } admin;

  struct Store {
    std::uint64_t cache = 0;  // bytes, like every size here
    std::uint64_t write_buffer = 0;
    std::uint64_t reserve = 0;
    std::size_t reader_threads = 0;
    Duration sweep_interval{};
  } store;

  struct Limits {
    std::size_t connections = 0;
    std::size_t connections_per_network = 0;
    std::size_t worker_threads = 0;
    std::size_t worker_queue = 0;
  } limits;

  struct Account {
    std::uint64_t default_quota = 0;  ///< 0: none
    std::uint64_t directory_cache = 0;
    std::string default_domain;  ///< empty: the only one, if there is just one
    struct Password {
      std::uint64_t argon2_memory = 0;
      std::uint64_t argon2_passes = 0;
      std::size_t hash_threads = 0;
      std::size_t hash_queue = 0;
      Duration proven_lifetime{};
      std::size_t max_proven = 0;
      bool refuse_weak = true;
    } password;
    struct Scram {
      bool enabled = true;
      std::uint32_t iterations = 0;
    } scram;
    struct Throttle {
      int free_failures = 0;
      Duration first_delay{};
      Duration longest_delay{};
      int refuse_from = 0;
      Duration forgive_one_in{};
      Duration known_network_for{};
      std::size_t max_entries = 0;
    } throttle;
  } account;

  struct Mailbox {
    std::uint64_t cache = 0;
    Duration keep_log{};
    Duration grace{};
  } mailbox;

  struct Smtp {
    std::uint64_t max_letter = 0;
    std::size_t max_recipients = 0;
    std::size_t max_letters = 0;  ///< a connection; 0: no limit
    std::size_t max_errors = 0;
    std::size_t letters_per_minute = 0;   ///< from one network; 0: no limit
    std::size_t recipients_per_hour = 0;  ///< of one account; 0: no limit
    std::vector<net::Network> relay_networks;
    std::vector<net::Network> xclient_networks;
    Duration command_timeout{};
    Duration greeting_delay{};
    Duration harvest_delay{};
    Duration max_hold{};
    bool normalise_line_ends = false;
    struct Leniency {
      bool space_after_colon = true;
      bool address_without_brackets = true;
      bool any_helo_name = true;
    } leniency;
  } smtp;

  struct Imap {
    std::uint64_t max_letter = 0;
    std::uint64_t sort_cache = 0;
    std::size_t connections_per_account = 0;
    std::size_t max_errors = 0;
    std::size_t max_letters_of_command = 0;
    Duration idle_timeout{};
    Duration login_timeout{};
    std::string admin;
    std::string comment;
  } imap;

  struct Pop3 {
    std::string folder;
    pop3::Deletion deletion = pop3::Deletion::kRemove;
    bool shared = false;
    std::size_t last_days = 0;  ///< 0: all
    std::size_t max_errors = 0;
    Duration takeover_after{};
    Duration login_delay{};
    Duration idle_timeout{};
    Duration login_timeout{};
  } pop3;
  struct Http {
    Duration idle_timeout{};
    Duration session_idle{};
    Duration session_lifetime{};
    std::vector<net::Network> metrics_networks;  ///< beside this machine itself
  } http;

  struct Queue {
    Duration first_retry{};
    Duration longest_retry{};
    Duration give_up_after{};
    Duration warn_after{};
    Duration connect_timeout{};
    std::size_t connections_per_domain = 0;
    std::uint64_t max_returned = 0;
    std::uint16_t port = 25;
    std::vector<net::IpAddress> source;
    struct Timeout {
      Duration greeting{};
      Duration tls{};
      Duration command{};
      Duration data_start{};
      Duration data_block{};
      Duration data_end{};
    } timeout;
  } queue;

  struct Journey {
    Duration keep_successes{};
    Duration keep_failures{};
  } journey;

  struct Route {
    std::string domain;
    std::string host;
    std::uint16_t port = 25;
    queue::TlsPolicy tls = queue::TlsPolicy::kOpportunistic;
    bool verify_certificate = true;
    bool lmtp = false;
    std::string login;
    std::filesystem::path password_file;
  };
  std::vector<Route> route;

  struct Dns {
    std::vector<net::Endpoint> forwarders;  ///< empty: ask the authoritative servers ourselves
    std::filesystem::path zone_file;        ///< empty: none
    std::filesystem::path trust_anchor;     ///< empty: no DNSSEC
    Duration timeout{};
    std::size_t cache_entries = 0;
  } dns;

  struct Tls {
    struct Certificate {
      std::filesystem::path cert_file;
      std::filesystem::path key_file;  ///< empty: in `cert_file` too
    };
    std::vector<Certificate> certificate;
  } tls;

  struct Listener {
    std::string name;
    std::string protocol;
    std::vector<net::Endpoint> address;
    TlsMode tls = TlsMode::kNone;
    std::vector<net::Network> proxy_protocol;  ///< whose PROXY header is believed
    std::string domain;                        ///< whose door it is; empty: nobody's own

    std::optional<account::DomainName> own_domain() const { return domain_of(domain); }
  };
  std::vector<Listener> listener;

  /// A domain that an option names; nothing for an empty one.
  static std::optional<account::DomainName> domain_of(std::string_view name);
  /// The control socket's path: `admin.socket`, or `control.sock` in the data directory.
  std::filesystem::path admin_socket() const;
};

struct ConfigFault {
  std::string file;
  unsigned line = 0;  ///< from 1; 0: the file as a whole
  unsigned column = 0;
  std::string key;      ///< `log.level`, `listener[0].address`; empty for broken TOML
  std::string message;  ///< what is wrong and what is allowed

  /// `pabal.toml:3:9: log.level: ...`
  std::string to_string() const;
};
using ConfigFaults = std::vector<ConfigFault>;
/// All of them, a line each.
std::string to_string(const ConfigFaults& faults);

/// When a changed option takes effect.
enum class Apply : std::uint8_t { kReload, kRestart };
std::string_view to_string(Apply apply);

/// A configuration that passed every check, and where its values are from.
struct LoadedConfig {
  Config values;
  std::string file;                         ///< empty: no file
  std::map<std::string, unsigned> line_of;  ///< by option, those that the file gives
};

struct ConfigEntry {
  std::string name;   ///< `log.level`, `listener[0].address`
  std::string value;  ///< as TOML
  unsigned line = 0;  ///< in the file; 0: the default
};

struct ConfigChange {
  std::string name;  ///< `log.level`; a table as a whole: `listener`
  std::string from, to;
  Apply apply = Apply::kRestart;
};

class ConfigSchema {
 public:
  /// The protocols that this program serves: what `listener.protocol` may be.
  explicit ConfigSchema(std::vector<std::string> protocols);
  ~ConfigSchema();
  ConfigSchema(const ConfigSchema&) = delete;
  ConfigSchema& operator=(const ConfigSchema&) = delete;

  LoadedConfig defaults() const;
  /// `file` is for the faults, and relative paths in the text start at its folder.
  std::expected<LoadedConfig, ConfigFaults> parse(std::string_view text,
                                                  const std::filesystem::path& file) const;
  /// Reads the file; waits for the disk.
  std::expected<LoadedConfig, ConfigFaults> load(const std::filesystem::path& file) const;

  /// Every option with its value, in the schema's order (`config show --json`).
  std::vector<ConfigEntry> entries(const LoadedConfig& config) const;
  /// The same as a TOML file, with the origin of each value as a comment (`config show`).
  std::string show(const LoadedConfig& config) const;

  /// What differs. A reload applies those marked kReload, and tells the person about the others.
  std::vector<ConfigChange> diff(const Config& old, const Config& fresh) const;

  /// docs/configuration.md.
  std::string reference_markdown() const;
  /// A file with every option at its default, commented out.
  std::string reference_toml() const;

 private:
  struct Rows;
  std::unique_ptr<const Rows> rows_;
};

}  // namespace pabal::app
