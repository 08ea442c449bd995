void swift_dqn_placeholder_a(void);
