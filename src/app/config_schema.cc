// Every option of Pabal. The text of the rows is the documentation: write whole sentences, for the
// person who runs the server.
#include "app/config_schema.h"

#include <algorithm>
#include <iterator>
#include <set>

namespace pabal::app {

namespace {

constexpr Apply kReload = Apply::kReload;
constexpr Apply kRestart = Apply::kRestart;

using Options = std::vector<Option<Config>>;

template <class... Row>
Option<Config> row(Row&&... parts) {
  return make_option<Config>(std::forward<Row>(parts)...);
}

void add(Options& all, Options section) { std::ranges::move(section, std::back_inserter(all)); }

Options server_rows() {
  return {
      row(PABAL_OPTION(server.hostname), host_name_or_empty(), "\"\"", kRestart,
          "The name by which this server greets others. Empty: the machine's own name. For mail it should "
          "be a public name whose address points back to it."),
      row(PABAL_OPTION(server.data_dir), path(), "\"/var/lib/pabal\"", kRestart,
          "The folder where everything durable is kept: letters, accounts, queue. It belongs to the "
          "server's user alone."),
      row(PABAL_OPTION(server.user), text(), "\"\"", kRestart,
          "The user to become once the ports are bound, when started as root. Empty: stay."),
      row(PABAL_OPTION(server.group), text(), "\"\"", kRestart,
          "The group to become with `server.user`. Empty: that user's own group."),
      row(PABAL_OPTION(server.loops), whole<std::size_t>(0, 256), "0", kRestart,
          "How many event loops serve connections, each on its own thread. 0: one a processor."),
      row(PABAL_OPTION(server.drain_timeout), duration("0s", "1h"), "\"30s\"", kReload,
          "How long a stop waits for sessions to finish before it cuts them off."),
  };
}

Options log_rows() {
  return {
      row(PABAL_OPTION(log.level),
          choice<LogLevel>({{"debug", LogLevel::kDebug},
                            {"info", LogLevel::kInfo},
                            {"warning", LogLevel::kWarning},
                            {"error", LogLevel::kError}}),
          "\"info\"", kReload, "The least serious lines that are written."),
      row(PABAL_OPTION(log.format),
          choice<LogFormat>({{"text", LogFormat::kText}, {"json", LogFormat::kJson}}), "\"text\"", kRestart,
          "`text` is for people and grep, `json` writes one JSON object a line for programs."),
      row(PABAL_OPTION(log.file), path(), "\"\"", kRestart,
          "The file to append to; a reload (SIGHUP) opens it anew, as logrotate wants. Empty: standard "
          "error, which systemd keeps in its journal."),
  };
}

Options admin_rows() {
  return {
      row(PABAL_OPTION(admin.socket), path(), "\"\"", kRestart,
          "The Unix socket through which the `pabal` commands talk to the running server. Empty: "
          "`control.sock` in the data directory."),
  };
}

Options store_rows() {
  return {
      row(PABAL_OPTION(store.cache), size("8 MiB", "1 TiB"), "\"64 MiB\"", kRestart,
          "Memory for what was read from the store. A busy server gains from more."),
      row(PABAL_OPTION(store.write_buffer), size("4 MiB", "4 GiB"), "\"32 MiB\"", kRestart,
          "Memory for changes that are in the log on disk, but not in tables yet."),
      row(PABAL_OPTION(store.reserve), size("0 B", "1 TiB"), "\"256 MiB\"", kRestart,
          "Free disk space below which new mail is put off with a temporary error, so that the disk never "
          "fills up to the last byte."),
      row(PABAL_OPTION(store.reader_threads), whole<std::size_t>(1, 256), "4", kRestart,
          "Threads for reads that miss memory."),
      row(PABAL_OPTION(store.sweep_interval), duration("1m", "30d"), "\"1h\"", kReload,
          "How often disk space of letters that nobody refers to any more is given back."),
  };
}

Options limits_rows() {
  return {
      row(PABAL_OPTION(limits.connections), whole<std::size_t>(1, 1'000'000), "10000", kRestart,
          "Connections at one time, over all listeners. The next ones are turned away politely."),
      row(PABAL_OPTION(limits.connections_per_network), whole<std::size_t>(1, 1'000'000), "100", kRestart,
          "Connections at one time from one IPv4 address or one IPv6 /64 network."),
      row(PABAL_OPTION(limits.worker_threads), whole<std::size_t>(1, 256), "4", kRestart,
          "Threads for work that would hold up an event loop."),
      row(PABAL_OPTION(limits.worker_queue), whole<std::size_t>(1, 1'000'000), "4096", kRestart,
          "How much of such work may wait; beyond it the answer is `try again later`."),
  };
}

Options account_rows() {
  return {
      row(PABAL_OPTION(account.default_quota), size("0 B", "1024 TiB"), "\"0 B\"", kRestart,
          "How much mail an account may keep, unless its domain or the account itself says otherwise. 0 B: "
          "no limit."),
      row(PABAL_OPTION(account.directory_cache), size("1 MiB", "64 GiB"), "\"32 MiB\"", kRestart,
          "Memory for addresses and accounts that were looked up; 32 MiB are about 100,000 addresses."),
      row(PABAL_OPTION(account.default_domain), host_name_or_empty(), "\"\"", kRestart,
          "The domain of a login that names none, such as `bob`, unless the listener has one. Empty: the only "
          "domain that there is; where there are several, logins are whole addresses."),
      row(PABAL_OPTION(account.password.argon2_memory), size("8 MiB", "1 GiB"), "\"19 MiB\"", kRestart,
          "Memory that one password check takes (argon2id). More makes stolen hashes harder to guess and "
          "logins slower; older hashes are renewed at their owner's next login."),
      row(PABAL_OPTION(account.password.argon2_passes), whole<std::uint64_t>(1, 100), "2", kRestart,
          "How often a password check walks over its memory (argon2id)."),
      row(PABAL_OPTION(account.password.hash_threads), whole<std::size_t>(1, 64), "2", kRestart,
          "How many passwords are checked at the same time; each takes `account.password.argon2_memory`."),
      row(PABAL_OPTION(account.password.hash_queue), whole<std::size_t>(1, 100'000), "256", kRestart,
          "How many password checks may wait; the next login is told to try again."),
      row(PABAL_OPTION(account.password.proven_lifetime), duration("0s", "1d"), "\"5m\"", kRestart,
          "How long a password that was right is remembered (as a keyed hash), so that a client that opens "
          "ten connections pays for one check. 0s: never."),
      row(PABAL_OPTION(account.password.max_proven), whole<std::size_t>(1, 10'000'000), "10000", kRestart,
          "How many such passwords are remembered."),
      row(PABAL_OPTION(account.password.refuse_weak), flag(), "true", kRestart,
          "Whether a new password must be long enough and none of those that everybody tries first. Off only "
          "for demonstrations."),
      row(PABAL_OPTION(account.scram.enabled), flag(), "true", kRestart,
          "Whether new passwords are also stored as SCRAM-SHA-256 keys, so that clients can log in without "
          "sending them. Without, only argon2id hashes are kept."),
      row(PABAL_OPTION(account.scram.iterations), whole<std::uint32_t>(4096, 10'000'000), "65536", kRestart,
          "Rounds of the SCRAM key of a new password; clients compute as many at each login (RFC 7677 asks "
          "for 4096 at least). Clients that use Cyrus SASL, Postfix among them, refuse more than 65536."),
  };
}

Options mailbox_rows() {
  return {
      row(PABAL_OPTION(mailbox.cache), size("8 MiB", "1 TiB"), "\"256 MiB\"", kRestart,
          "Memory for folders that are looked at, about 50 bytes a letter, and for what was shown of their "
          "letters (envelopes, structures: up to half of it, about 160 bytes a letter) or searched in (an eighth "
          "of it). Those that were used longest ago are read again when somebody opens them."),
      row(PABAL_OPTION(mailbox.keep_log), duration("1h", "3650d"), "\"30d\"", kRestart,
          "How long a mail program may stay away and still be told just what changed meanwhile (QRESYNC). The "
          "last 10,000 changes of an account are kept in any case."),
      row(PABAL_OPTION(mailbox.grace), duration("1m", "30d"), "\"10m\"", kRestart,
          "How long a letter can still be read after it was removed, for sessions that have not heard of that "
          "yet."),
  };
}

Options throttle_rows() {
  return {
      row(PABAL_OPTION(account.throttle.free_failures), whole<int>(0, 1000), "4", kRestart,
          "Failed logins that are answered without delay."),
      row(PABAL_OPTION(account.throttle.first_delay), duration("0s", "1m"), "\"1s\"", kRestart,
          "How long the next login waits for its answer; the delay doubles with each further failure."),
      row(PABAL_OPTION(account.throttle.longest_delay), duration("0s", "5m"), "\"8s\"", kRestart,
          "The longest delay. Mail programs give up after half a minute or so."),
      row(PABAL_OPTION(account.throttle.refuse_from), whole<int>(1, 100'000), "20", kRestart,
          "Failed logins after which a network is refused. A network from which the owner logged in lately "
          "keeps its access to that account."),
      row(PABAL_OPTION(account.throttle.forgive_one_in), duration("1s", "1d"), "\"2m\"", kRestart,
          "How long until one failure is forgotten."),
      row(PABAL_OPTION(account.throttle.known_network_for), duration("0s", "365d"), "\"30d\"", kRestart,
          "How long a network counts as known to an account after a login."),
      row(PABAL_OPTION(account.throttle.max_entries), whole<std::size_t>(16, 10'000'000), "16384", kRestart,
          "Accounts, and networks, whose failures are remembered; beyond it the longest unused is "
          "forgotten."),
  };
}

Options dns_rows() {
  return {
      row(PABAL_OPTION(dns.forwarders), list_of(endpoint()), "[]", kRestart,
          "Resolvers to ask, with their ports. Empty: find answers from the root servers on, which is best "
          "for a mail server, since lists of spammers refuse large public resolvers."),
      row(PABAL_OPTION(dns.zone_file), path(), "\"\"", kRestart,
          "A file of DNS records that is asked instead of the network: for demonstrations and tests."),
      row(PABAL_OPTION(dns.trust_anchor), path(), "\"/usr/share/dns/root.key\"", kRestart,
          "The key of the root zone, with which DNSSEC answers are proven. Without it they count as "
          "unproven."),
      row(PABAL_OPTION(dns.timeout), duration("1s", "2m"), "\"10s\"", kRestart,
          "How long to wait for an answer before it counts as a temporary failure."),
      row(PABAL_OPTION(dns.cache_entries), whole<std::size_t>(0, 10'000'000), "10000", kRestart,
          "Answers kept for as long as they are valid."),
  };
}

Options smtp_rows() {
  return {
      row(PABAL_OPTION(smtp.max_letter), size("64 KiB", "2 GiB"), "\"50 MiB\"", kRestart,
          "The largest letter that is taken (RFC 1870)."),
      row(PABAL_OPTION(smtp.max_recipients), whole<std::size_t>(100, 100'000), "1000", kRestart,
          "Recipients of one letter; the next ones are asked to come with another (RFC 5321 §4.5.3.1.8)."),
      row(PABAL_OPTION(smtp.max_letters), whole<std::size_t>(0, 1'000'000), "0", kRestart,
          "Letters of one connection. 0: no limit."),
      row(PABAL_OPTION(smtp.max_errors), whole<std::size_t>(1, 1000), "20", kRestart,
          "Commands that make no sense, after which a connection is closed."),
      row(PABAL_OPTION(smtp.letters_per_minute), whole<std::size_t>(0, 1'000'000), "600", kRestart,
          "Letters from one IPv4 address or one IPv6 /64 network; more are put off. This machine itself has no "
          "limit. 0: nobody has."),
      row(PABAL_OPTION(smtp.recipients_per_hour), whole<std::size_t>(0, 1'000'000), "1000", kRestart,
          "Recipients to whom one account may send, so that a stolen password is no flood. 0: no limit."),
      row(PABAL_OPTION(smtp.relay_networks), list_of(network()), "[]", kRestart,
          "Networks of machines that may send to anybody without a login. Keep it empty, or exact."),
      row(PABAL_OPTION(smtp.xclient_networks), list_of(network()), "[]", kRestart,
          "Networks of proxies and filters of your own, which may say whom they speak for (XCLIENT)."),
      row(PABAL_OPTION(smtp.command_timeout), duration("10s", "1h"), "\"5m\"", kRestart,
          "How long a client may be silent (RFC 5321 §4.5.3.2.7 asks for five minutes)."),
      row(PABAL_OPTION(smtp.greeting_delay), duration("0s", "30s"), "\"0s\"", kRestart,
          "How long a new client is kept waiting for the greeting on port 25. Those who speak before it are no "
          "mail servers, and are turned away."),
      row(PABAL_OPTION(smtp.harvest_delay), duration("0s", "1m"), "\"1s\"", kRestart,
          "How long each answer takes for a client that guesses at addresses."),
      row(PABAL_OPTION(smtp.max_hold), duration("0s", "365d"), "\"30d\"", kRestart,
          "How far ahead a letter may be scheduled (FUTURERELEASE, RFC 4865). 0s: not at all."),
      row(PABAL_OPTION(smtp.normalise_line_ends), flag(), "false", kRestart,
          "Whether a CR or LF that stands alone in a letter is mended. Otherwise such a letter is refused: two "
          "servers that read its end differently are how mail is smuggled."),
      row(PABAL_OPTION(smtp.leniency.space_after_colon), flag(), "true", kRestart,
          "Whether `MAIL FROM: <a@b>` is understood, which RFC 5321 does not allow."),
      row(PABAL_OPTION(smtp.leniency.address_without_brackets), flag(), "true", kRestart,
          "Whether `MAIL FROM:a@b` is understood."),
      row(PABAL_OPTION(smtp.leniency.any_helo_name), flag(), "true", kRestart,
          "Whether a client may call itself something that is no domain name."),
  };
}

Options imap_rows() {
  return {
      row(PABAL_OPTION(imap.max_letter), size("64 KiB", "2 GiB"), "\"50 MiB\"", kRestart,
          "The largest letter that a mail program may put into a mailbox (APPENDLIMIT, RFC 7889)."),
      row(PABAL_OPTION(imap.sort_cache), size("1 MiB", "64 GiB"), "\"64 MiB\"", kRestart,
          "Memory for what was read of large folders to sort them and to find their threads, so that the next "
          "time is quick. A folder of 100,000 letters takes about 20 MiB."),
      row(PABAL_OPTION(imap.connections_per_account), whole<std::size_t>(1, 1'000'000), "100", kRestart,
          "Connections of one account at one time. A mail program opens a handful."),
      row(PABAL_OPTION(imap.max_errors), whole<std::size_t>(1, 100'000), "50", kRestart,
          "Commands in a row that make no sense, after which a connection is closed."),
      row(PABAL_OPTION(imap.max_letters_of_command), whole<std::size_t>(0, 1'000'000), "0", kRestart,
          "How many letters one FETCH, STORE, MOVE, COPY, APPEND or UID EXPUNGE may take (MESSAGELIMIT, RFC 9738, "
          "which asks for 1000 at least). Programs that do not know of it see less than there is. 0: no limit."),
      row(PABAL_OPTION(imap.idle_timeout), duration("30m", "1d"), "\"30m\"", kRestart,
          "How long a mail program may be silent, in IDLE too (RFC 9051 §5.4 asks for 30 minutes)."),
      row(PABAL_OPTION(imap.login_timeout), duration("10s", "1h"), "\"3m\"", kRestart,
          "How long a client may be silent before it has logged in."),
      row(PABAL_OPTION(imap.admin), text(), "\"\"", kRestart,
          "How mail programs reach whoever looks after the server, as a URI: `mailto:postmaster@example.org` "
          "(METADATA `/shared/admin`, RFC 5464)."),
      row(PABAL_OPTION(imap.comment), text(), "\"\"", kRestart,
          "What mail programs are told of the server (METADATA `/shared/comment`)."),
  };
}

Options pop3_rows() {
  using pop3::Deletion;
  return {
      row(PABAL_OPTION(pop3.folder), text(), "\"INBOX\"", kRestart,
          "The folder that POP3 shows as the maildrop."),
      row(PABAL_OPTION(pop3.deletion),
          choice<Deletion>(
              {{"remove", Deletion::kRemove}, {"trash", Deletion::kTrash}, {"ignore", Deletion::kIgnore}}),
          "\"remove\"", kRestart,
          "What becomes of letters that a client deletes: `remove` as it asks, `trash` moves them to the trash, "
          "`ignore` keeps them where they are. Clients that delete what they have downloaded then leave it on the "
          "server."),
      row(PABAL_OPTION(pop3.shared), flag(), "false", kRestart,
          "Whether several clients may have one maildrop open at the same time, which RFC 1939 does not want."),
      row(PABAL_OPTION(pop3.takeover_after), duration("10s", "1h"), "\"1m\"", kRestart,
          "How long a session may be silent before the next login takes the maildrop over: a client that died "
          "must not keep its owner out. The old session ends, and deletes nothing."),
      row(PABAL_OPTION(pop3.login_delay), duration("0s", "1d"), "\"0s\"", kRestart,
          "How soon after a login the next one of the same account may come (LOGIN-DELAY, RFC 2449)."),
      row(PABAL_OPTION(pop3.last_days), whole<std::size_t>(0, 36500), "0", kRestart,
          "Only letters that came in so many days ago or later are shown. 0: all."),
      row(PABAL_OPTION(pop3.max_errors), whole<std::size_t>(1, 100'000), "50", kRestart,
          "Commands in a row that make no sense, after which a connection is closed."),
      row(PABAL_OPTION(pop3.idle_timeout), duration("10m", "1d"), "\"10m\"", kRestart,
          "How long a mail program may be silent (RFC 1939 §3 asks for ten minutes)."),
      row(PABAL_OPTION(pop3.login_timeout), duration("10s", "1h"), "\"3m\"", kRestart,
          "How long a client may be silent before it has logged in."),
  };
}

Options http_rows() {
  return {
      row(PABAL_OPTION(http.idle_timeout), duration("5s", "1h"), "\"2m\"", kRestart,
          "How long a connection may be silent between two requests."),
      row(PABAL_OPTION(http.session_idle), duration("5m", "30d"), "\"12h\"", kRestart,
          "How long somebody who signed in stays so without doing anything."),
      row(PABAL_OPTION(http.session_lifetime), duration("5m", "365d"), "\"30d\"", kRestart,
          "After how long they sign in again in any case."),
      row(PABAL_OPTION(http.metrics_networks), list_of(network()), "[]", kRestart,
          "Who may read `/metrics`, beside this machine itself: `[\"192.0.2.0/24\"]`."),
  };
}

Options queue_rows() {
  return {
      row(PABAL_OPTION(queue.first_retry), duration("1s", "1d"), "\"1m\"", kRestart,
          "How soon a letter that could not be handed over is tried again. The pause doubles each time."),
      row(PABAL_OPTION(queue.longest_retry), duration("1s", "1d"), "\"30m\"", kRestart,
          "The longest pause between two tries."),
      row(PABAL_OPTION(queue.give_up_after), duration("1s", "60d"), "\"5d\"", kRestart,
          "When a letter goes back to its sender (RFC 5321 §4.5.4.1 asks for four or five days)."),
      row(PABAL_OPTION(queue.warn_after), duration("1s", "60d"), "\"4h\"", kRestart,
          "When a sender is told that a letter is late."),
      row(PABAL_OPTION(queue.connect_timeout), duration("1s", "10m"), "\"30s\"", kRestart,
          "How long a host may take to answer the call."),
      row(PABAL_OPTION(queue.connections_per_domain), whole<std::size_t>(1, 1000), "40", kRestart,
          "Letters that may be on their way to one domain at the same time. It begins with a few, and grows "
          "while all goes well."),
      row(PABAL_OPTION(queue.max_returned), size("0 B", "50 MiB"), "\"1 MiB\"", kRestart,
          "A letter that is not larger goes back whole to a sender who asks for it; of others the header."),
      row(PABAL_OPTION(queue.port), whole<std::uint16_t>(1, 65535), "25", kRestart,
          "The port of other mail servers. Something else only for demonstrations and tests."),
      row(PABAL_OPTION(queue.source), list_of(ip_address()), "[]", kRestart,
          "Addresses to call from, one of each family. Empty: whatever the system takes."),
      row(PABAL_OPTION(queue.timeout.greeting), duration("1s", "1h"), "\"5m\"", kRestart,
          "Until it greets us."),
      row(PABAL_OPTION(queue.timeout.tls), duration("1s", "1h"), "\"1m\"", kRestart,
          "Until the connection is encrypted."),
      row(PABAL_OPTION(queue.timeout.command), duration("1s", "1h"), "\"5m\"", kRestart,
          "For the reply to EHLO, AUTH, MAIL, RCPT, RSET."),
      row(PABAL_OPTION(queue.timeout.data_start), duration("1s", "1h"), "\"2m\"", kRestart,
          "For the reply to DATA."),
      row(PABAL_OPTION(queue.timeout.data_block), duration("1s", "1h"), "\"3m\"", kRestart,
          "Until it takes the next piece of a letter."),
      row(PABAL_OPTION(queue.timeout.data_end), duration("1s", "1h"), "\"10m\"", kRestart,
          "For the reply to the whole letter. If that comes too late, the letter is sent again and arrives twice "
          "(RFC 1047)."),
  };
}

Options journey_rows() {
  return {
      row(PABAL_OPTION(journey.keep_successes), duration("1h", "3650d"), "\"7d\"", kRestart,
          "How long it can be told how a letter came to its end, if that was a good one."),
      row(PABAL_OPTION(journey.keep_failures), duration("1h", "3650d"), "\"30d\"", kRestart,
          "How long it can be told of a letter that failed, was dropped, or still waits."),
  };
}

std::vector<Option<Config::Route>> route_columns() {
  using Route = Config::Route;
  using queue::TlsPolicy;
  return {
      make_option<Route>(PABAL_OPTION(domain), text(), "", kRestart,
                         "`example.org`, `.example.org` for all below it, or `*` for all others."),
      make_option<Route>(PABAL_OPTION(host), text(), "", kRestart,
                         "Who takes its mail: a host name, an address, or `unix:/path`."),
      make_option<Route>(PABAL_OPTION(port), whole<std::uint16_t>(1, 65535), "25", kRestart, "Its port."),
      make_option<Route>(
          PABAL_OPTION(tls),
          choice<TlsPolicy>({{"opportunistic", TlsPolicy::kOpportunistic},
                             {"required", TlsPolicy::kRequired},
                             {"implicit", TlsPolicy::kImplicit},
                             {"never", TlsPolicy::kNever}}),
          "\"opportunistic\"", kRestart,
          "`opportunistic` encrypts if it is offered, `required` sends nothing in clear, `implicit` "
          "is TLS from the first byte."),
      make_option<Route>(
          PABAL_OPTION(verify_certificate), flag(), "true", kRestart,
          "With `required` and `implicit`: whether the certificate must be valid for the host."),
      make_option<Route>(PABAL_OPTION(lmtp), flag(), "false", kRestart, "Whether it speaks LMTP (RFC 2033)."),
      make_option<Route>(PABAL_OPTION(login), text(), "\"\"", kRestart,
                         "The name to log in with. Empty: no login."),
      make_option<Route>(PABAL_OPTION(password_file), path(), "\"\"", kRestart,
                         "The file whose first line is the password."),
  };
}

std::vector<Option<Config::Tls::Certificate>> certificate_columns() {
  using Certificate = Config::Tls::Certificate;
  return {
      make_option<Certificate>(PABAL_OPTION(cert_file), path(), "", kReload,
                               "The certificate and its chain, in PEM."),
      make_option<Certificate>(PABAL_OPTION(key_file), path(), "\"\"", kReload,
                               "The private key, in PEM. Empty: it is in `cert_file` too."),
  };
}

std::vector<Option<Config::Listener>> listener_columns(const std::vector<std::string>& protocols) {
  using Listener = Config::Listener;
  return {
      make_option<Listener>(PABAL_OPTION(name), text(), "", kRestart,
                            "What logs and metrics call it; no two have the same."),
      make_option<Listener>(PABAL_OPTION(protocol), word_of(protocols), "", kRestart,
                            "What is spoken there."),
      make_option<Listener>(PABAL_OPTION(address), list_of(endpoint(), 1), "", kRestart, "Where it listens."),
      make_option<Listener>(
          PABAL_OPTION(tls),
          choice<TlsMode>(
              {{"none", TlsMode::kNone}, {"starttls", TlsMode::kStartTls}, {"implicit", TlsMode::kImplicit}}),
          "\"starttls\"", kRestart,
          "`implicit` is TLS from the first byte, `starttls` is plain until the client asks, `none` is "
          "plain. HTTP has no `starttls`, and is plain then. Passwords are never taken over a plain connection from "
          "another machine."),
      make_option<Listener>(
          PABAL_OPTION(proxy_protocol), list_of(network()), "[]", kRestart,
          "Networks of load balancers whose PROXY header names the true client. Connections from elsewhere "
          "are refused then. Empty: no PROXY header is expected."),
      make_option<Listener>(
          PABAL_OPTION(domain), host_name_or_empty(), "\"\"", kRestart,
          "The domain whose port this is: logins there may leave it out, `bob` is `bob@` that "
          "domain. Empty: see `account.default_domain`."),
  };
}

template <class Element>
void read_element(const std::vector<Option<Element>>& columns, const std::string& key, const ConfigNode& node,
                  ConfigReading& reading, Element& element) {
  const auto* table = node.as<ConfigNode::Table>();
  if (table == nullptr) return reading.fault(node.place, key, "each entry is a table of its own");
  std::vector<std::string> known;
  for (const auto& column : columns) {
    known.push_back(column.name);
    set_default(column, element);
    const bool given = std::ranges::find(*table, column.name, &ConfigNode::Member::key) != table->end();
    if (!given && column.default_toml.empty()) {
      reading.fault(node.place, key, fmt::format("`{}` is missing: {}", column.name, column.allowed));
    }
  }
  for (const ConfigNode::Member& member : *table) {
    const std::string member_key = fmt::format("{}.{}", key, member.key);
    const auto column = std::ranges::find(columns, member.key, &OptionInfo::name);
    if (column != columns.end()) {
      read_option(*column, member_key, member, reading, element);
    } else {
      reading.unknown(member, member_key, known);
    }
  }
}

/// A list of tables whose elements are kept in the vector that `access` gives.
template <class Element, class Access>
TableRows make_table(std::string_view name, Access access, std::vector<Option<Element>> columns, Apply apply,
                     std::string_view doc) {
  TableRows rows;
  rows.name = name;
  rows.apply = apply;
  rows.doc = doc;
  rows.columns.assign(columns.begin(), columns.end());
  rows.read = [access, columns, table = rows.name](const ConfigNode::Member& member, ConfigReading& reading) {
    const auto* list = member.node.as<ConfigNode::List>();
    if (list == nullptr) {
      return reading.fault(member.key_place, table,
                           fmt::format("this is a list of tables: write [[{}]]", table));
    }
    for (std::size_t i = 0; i < list->size(); ++i) {
      read_element(columns, fmt::format("{}[{}]", table, i), (*list)[i], reading,
                   access(reading.loaded.values).emplace_back());
    }
  };
  rows.size = [access](const Config& config) { return access(config).size(); };
  rows.write = [access, columns](const Config& config, std::size_t element, std::size_t column) {
    return columns[column].write(access(config)[element]);
  };
  return rows;
}

}  // namespace

ConfigSchema::Rows::Rows(const std::vector<std::string>& protocols) {
  sections = {
      {"server", "The process itself."},
      {"log", "What is written about what happens."},
      {"admin", "How the commands reach the running server."},
      {"store", "The embedded store."},
      {"limits", "Bounds that keep a flood from taking the machine down."},
      {"account", "Accounts, and how their owners prove who they are."},
      {"account.password", "Password checks."},
      {"account.scram", "SCRAM, which proves a password without sending it (RFC 5802, RFC 7677)."},
      {"account.throttle", "What slows down those who guess passwords."},
      {"mailbox", "Folders and letters."},
      {"smtp", "Mail that comes in: from other servers, and from mail programs."},
      {"queue.timeout",
       "How long another server may take. RFC 5321 §4.5.3.2 asks for at least what the defaults are: shorter "
       "is for tests, and for peers that are known."},
      {"smtp.leniency", "How far the grammar bends for clients of the field."},
      {"imap", "Mailboxes, as mail programs read them."},
      {"pop3", "Letters, as programs that fetch them see them."},
      {"http", "The web: clients that speak JMAP, browsers, monitors."},
      {"queue", "Mail that goes out to other servers."},
      {"journey", "The record of every letter's way."},
      {"dns", "How names are looked up."},
  };
  for (auto* section :
       {server_rows, log_rows, admin_rows, store_rows, limits_rows, account_rows, throttle_rows, mailbox_rows,
        smtp_rows, imap_rows, pop3_rows, http_rows, queue_rows, journey_rows, dns_rows}) {
    add(options, section());
  }
  tables.push_back(
      make_table(PABAL_OPTION(tls.certificate), certificate_columns(), kReload,
                 "A certificate, one table each. It answers for the names in it; the first also for all "
                 "others. A reload reads the files anew."));
  tables.push_back(
      make_table(PABAL_OPTION(route), route_columns(), kRestart,
                 "Where mail for a domain goes, if not to the hosts that the DNS names: to a smart "
                 "host, or to another program. One table each."));
  tables.push_back(make_table(PABAL_OPTION(listener), listener_columns(protocols), kRestart,
                              "A place where connections are accepted, one table each."));
}

void check_whole(ConfigReading& reading) {
  const Config& config = reading.loaded.values;
  const auto fault = [&](const std::string& key, std::string message) {
    const auto line = reading.loaded.line_of.find(key);
    reading.fault({line == reading.loaded.line_of.end() ? 0 : line->second, 1}, key, std::move(message));
  };
  if (config.account.throttle.first_delay > config.account.throttle.longest_delay) {
    fault("account.throttle.first_delay", "it is longer than `account.throttle.longest_delay`");
  }
  if (std::ranges::any_of(config.dns.forwarders,
                          [](const net::Endpoint& address) { return !address.tcp(); })) {
    fault("dns.forwarders", "a resolver is reached at an IP address, not through a Unix socket");
  }
  std::set<std::string> names;
  std::set<net::Endpoint> addresses;
  for (std::size_t i = 0; i < config.listener.size(); ++i) {
    const Config::Listener& listener = config.listener[i];
    if (!listener.name.empty() && !names.insert(listener.name).second) {
      fault(fmt::format("listener[{}].name", i),
            fmt::format("another listener is called `{}` too", listener.name));
    }
    for (const net::Endpoint& address : listener.address) {
      // Each port 0 becomes a free one of its own.
      const bool any_port = address.tcp() && address.tcp()->port == 0;
      if (!any_port && !addresses.insert(address).second) {
        fault(fmt::format("listener[{}].address", i),
              fmt::format("`{}` is listened on twice", address.to_string()));
      }
    }
  }
}

}  // namespace pabal::app
