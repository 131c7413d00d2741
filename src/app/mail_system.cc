#include "app/mail_system.h"

namespace pabal::app {

MailSystem::MailSystem(const Config& config, std::string host_name, Parts parts)
    : router_(parts.core.directory(), parts.core.mailboxes(),
              {.host_name = host_name, .relay_networks = config.smtp.relay_networks}),
      door_({.engine = parts.core.store(),
             .journal = parts.core.journal(),
             .mailboxes = parts.core.mailboxes(),
             .router = router_,
             .queue = parts.queue,
             .clock = parts.clock},
            {.host_name = host_name}),
      letters_by_network_(parts.clock, {.burst = static_cast<double>(config.smtp.letters_per_minute),
                                        .period = std::chrono::minutes(1)}),
      recipients_by_account_(parts.clock, {.burst = static_cast<double>(config.smtp.recipients_per_hour),
                                           .period = std::chrono::hours(1)}),
      smtp_{.engine = parts.core.store(),
            .journal = parts.core.journal(),
            .authenticator = parts.authenticator,
            .router = router_,
            .door = door_,
            .sent_again = sent_again_,
            .letters_by_network = letters_by_network_,
            .recipients_by_account = recipients_by_account_,
            .clock = parts.clock,
            .random = parts.random,
            .host_name = host_name} {}

}  // namespace pabal::app
