// The router of a VRI, and the one that may take its place (hotconfig).
#pragma once

#include <map>
#include <memory>
#include <string>

#include "lvrm_exchange.hh"
#include "lvrm_hub.hh"
#include "router.hh"

namespace click {

class Hosted {
  public:
    Hosted(lvrm_vr *vr, LvrmHub &hub) : hub_(hub), siblings_(vr) {}
    Hosted(const Hosted &) = delete;
    ~Hosted();

    /// The first configuration. False after messages.
    bool start(const std::string &text, const std::string &file,
               const std::map<std::string, std::string> &parameters, ErrorHandler &errh);
    /// Makes a router of `text`, which waits: nothing reaches it, and it does nothing. The one that
    /// was prepared before is forgotten. False after messages.
    bool prepare(const std::string &text, ErrorHandler &errh);
    /// Whether frames may come: siblings have told what they know, or there are none.
    bool may_be_ready() const;
    void get_ready();
    /// The prepared router takes the running one's state and place. False when there is none.
    bool commit();
    void abort() { prepared_.reset(); }
    /// Between passes: what the configuration itself asked for, by its own `hotconfig` handler.
    void replace_if_asked();

    /// Destroys all; what they held is dropped.
    void end();

    /// Null before start() and after end().
    Router *router() const { return router_.get(); }
    LvrmExchange &siblings() { return siblings_; }

  private:
    std::unique_ptr<Router> make(const std::string &text, Router &old, ErrorHandler &errh);
    bool check_ports(ErrorHandler &errh) const;
    void take(std::unique_ptr<Router> next);

    LvrmHub &hub_;
    LvrmExchange siblings_;
    std::unique_ptr<Router> router_, prepared_;
    int64_t started_ns_ = 0;
};

/// Becomes the VRI that runs this configuration. Returns the exit code.
int run_hosted(const std::string &file, const std::map<std::string, std::string> &parameters);

} // namespace click
