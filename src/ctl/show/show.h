#pragma once

// Answers as text for people: tables, and sentences where there is nothing to tabulate. Every text that came from the
// server has been made printable. The JSON of --json is in json.h.

#include <cstdint>
#include <map>
#include <string>

#include "command.pb.h"
#include "ctl/json.h"

namespace seki::ctl {

std::string show(const command::ResponseContent& content);

// "main  BACKEND_DOWN  cluster=shop backend=shop-1 address=192.0.2.7:8080", one line. `source` is a worker's id or
// "main".
std::string show_event(const std::string& source, const command::Event& event);

// ---- parts of show, by subject

// A worker's id, or "main", with what it answered.
using Holders = std::map<std::string, command::ResponseContent>;

std::string show_cluster_hashes(const Holders& holders);
// Who has which settings: equal records of several processes share a row.
std::string show_clusters(const Holders& holders);
// The tags of a cluster's frontends, as any process has them, and as JSON: a list of {"frontend", "tags"}.
std::string show_tags(const Holders& holders);
Json tags_json(const Holders& holders);
std::string show_frontends(const command::ListedFrontends& frontends);
std::string show_listeners(const command::ListenersList& listeners);
std::string show_certificates(const command::CertificatesWithFingerprints& certificates);
std::string show_certificates(const command::ListOfCertificatesByAddress& certificates);
std::string show_metrics(const command::AggregatedMetrics& metrics);
std::string show_metrics(const command::WorkerMetrics& metrics);
std::string show_metric_names(const command::AvailableMetrics& names);
std::string show_differences(const command::Differences& differences);
std::string show_state_version(const command::StateVersion& version);
std::string show_change_set(const command::ChangeSetPart& part);
std::string show_state_page(const command::StatePage& page);

// What has no form of its own: a line for each field, a table for each list of messages.
std::string show_fields(const google::protobuf::Message& message);

// "worker 0", or "main".
std::string holder_name(const std::string& key);
// "Worker 1 does not answer: …", a line each.
std::string silence_text(const google::protobuf::RepeatedField<uint32_t>& silent_workers);
// A heading and what belongs to it; nothing for nothing.
std::string section(const std::string& title, const std::string& body);
// "owner=a, tier=gold", sorted by name.
std::string tags_text(const google::protobuf::Map<std::string, std::string>& tags);
// "/api (prefix)"
std::string path_text(const command::PathRule& path);
// "shop", or "shop 90, shop-next 10".
std::string target_text(const command::RequestHttpFrontend& frontend);

}  // namespace seki::ctl
