/// The environments, options and wrappers that bring nothing but Gymnasium's own packages.
///
/// Left out on purpose: options that name files or modules (`xml_file`, `default_camera_config`, Atari's `game`), wrappers
/// that write files, open windows or import what an argument names, and ids that run another package.
enum KnownGymnasium {
    /// The options of each environment, in addition to ``commonOptions``.
    static let options: [String: Set<String>] = {
        var table: [String: Set<String>] = [:]
        for (ids, options) in [classicControl, box2D, toyText, jax, muJoCo, minAtar].joined() {
            for id in words(ids) { table[id] = Set(words(options)) }
        }
        let atari = Set(words(atariOptions))
        for game in words(atariGames) {
            for kind in ["", "NoFrameskip", "Deterministic", "-ram", "-ramNoFrameskip", "-ramDeterministic"] {
                for version in ["v0", "v4"] { table["\(game)\(kind)-\(version)"] = atari }
            }
        }
        for game in words(atariGames) + words(laterAtariGames) {
            for kind in ["", "-ram"] { table["ALE/\(game)\(kind)-v5"] = atari }
        }
        return table
    }()

    /// Options of every environment: Gymnasium's, and those that say how observations are read.
    static let commonOptions: Set<String> = [
        "render_mode", "max_episode_steps", "disable_env_checker", "observation_key", "channels",
    ]

    /// Classes of `gymnasium.wrappers`.
    static let wrappers: Set<String> = [
        "AddRenderObservation", "AddWhiteNoise", "AtariPreprocessing", "Autoreset", "ClipAction", "ClipReward",
        "DelayObservation", "DiscretizeAction", "DiscretizeObservation", "DtypeObservation", "FilterObservation",
        "FlattenObservation", "FrameStackObservation", "GrayscaleObservation", "MaxAndSkipObservation",
        "NormalizeObservation", "NormalizeReward", "ObstructView", "OrderEnforcing", "PassiveEnvChecker",
        "RecordEpisodeStatistics", "RepeatAction", "RescaleAction", "RescaleObservation", "ReshapeObservation",
        "ResizeObservation", "StickyAction", "TimeAwareObservation", "TimeLimit",
    ]

    private typealias Group = [(ids: String, options: String)]

    private static let classicControl: Group = [
        ("Acrobot-v1", ""),
        ("CartPole-v0 CartPole-v1", "sutton_barto_reward"),
        ("MountainCar-v0 MountainCarContinuous-v0", "goal_velocity"),
        ("Pendulum-v1", "g"),
    ]

    private static let box2D: Group = [
        ("BipedalWalker-v3 BipedalWalkerHardcore-v3", "hardcore"),
        ("CarRacing-v2 CarRacing-v3", "verbose lap_complete_percent domain_randomize continuous"),
        (
            "LunarLander-v2 LunarLander-v3 LunarLanderContinuous-v2 LunarLanderContinuous-v3",
            "continuous gravity enable_wind wind_power turbulence_power"
        ),
    ]

    private static let toyText: Group = [
        ("Blackjack-v1", "natural sab"),
        ("CliffWalking-v0 CliffWalking-v1 CliffWalkingSlippery-v1", "is_slippery"),
        ("FrozenLake-v1 FrozenLake8x8-v1", "desc map_name is_slippery success_rate reward_schedule"),
        ("Taxi-v3 Taxi-v4", "is_rainy fickle_passenger rainy_probability fickle_probability"),
    ]

    private static let jax: Group = [
        ("phys2d/CartPole-v0 phys2d/CartPole-v1 phys2d/Pendulum-v0 tabular/Blackjack-v0 tabular/CliffWalking-v0", "")
    ]

    private static let muJoCo: Group = [
        (
            """
            Ant-v4 Ant-v5 HalfCheetah-v4 HalfCheetah-v5 Hopper-v4 Hopper-v5 Humanoid-v4 Humanoid-v5 HumanoidStandup-v4
            HumanoidStandup-v5 InvertedDoublePendulum-v4 InvertedDoublePendulum-v5 InvertedPendulum-v4
            InvertedPendulum-v5 Pusher-v4 Pusher-v5 Reacher-v4 Reacher-v5 Swimmer-v4 Swimmer-v5 Walker2d-v4 Walker2d-v5
            """,
            """
            frame_skip forward_reward_weight ctrl_cost_weight use_contact_forces contact_cost_weight
            contact_cost_range contact_force_range healthy_reward terminate_when_unhealthy healthy_state_range
            healthy_z_range healthy_angle_range reset_noise_scale exclude_current_positions_from_observation
            include_cfrc_ext_in_observation include_cinert_in_observation include_cvel_in_observation
            include_qfrc_actuator_in_observation uph_cost_weight impact_cost_weight impact_cost_range
            reward_near_weight reward_dist_weight reward_control_weight
            """
        )
    ]

    private static let minAtar: Group = [
        (
            """
            MinAtar/Asterix-v0 MinAtar/Asterix-v1 MinAtar/Breakout-v0 MinAtar/Breakout-v1 MinAtar/Freeway-v0
            MinAtar/Freeway-v1 MinAtar/Seaquest-v0 MinAtar/Seaquest-v1 MinAtar/SpaceInvaders-v0
            MinAtar/SpaceInvaders-v1
            """, "display_time use_minimal_action_set sticky_action_prob difficulty_ramping"
        )
    ]

    private static let atariOptions = """
        mode difficulty obs_type frameskip repeat_action_probability full_action_space continuous
        continuous_action_threshold max_num_frames_per_episode sound_obs
        """

    /// Atari games with ids of all versions.
    private static let atariGames = """
        Adventure AirRaid Alien Amidar Assault Asterix Asteroids Atlantis BankHeist BattleZone BeamRider Berzerk
        Bowling Boxing Breakout Carnival Centipede ChopperCommand CrazyClimber Defender DemonAttack DoubleDunk
        ElevatorAction Enduro FishingDerby Freeway Frostbite Gopher Gravitar Hero IceHockey Jamesbond JourneyEscape
        Kangaroo Krull KungFuMaster MontezumaRevenge MsPacman NameThisGame Phoenix Pitfall Pong Pooyan PrivateEye
        Qbert Riverraid RoadRunner Robotank Seaquest Skiing Solaris SpaceInvaders StarGunner Tennis TimePilot
        Tutankham UpNDown Venture VideoPinball WizardOfWor YarsRevenge Zaxxon
        """

    /// Atari games with ids of version 5 alone.
    private static let laterAtariGames = """
        Atlantis2 Backgammon BasicMath Blackjack Casino Crossbow Darkchambers DonkeyKong Earthworld Entombed Et
        FlagCapture Frogger Galaxian Hangman HauntedHouse HumanCannonball Kaboom KeystoneKapers KingKong Klax Koolaid
        LaserGates LostLuggage MarioBros MiniatureGolf MrDo Othello Pacman Pitfall2 SirLancelot SpaceWar Superman
        Surround Tetris TicTacToe3D Trondead Turmoil VideoCheckers VideoChess VideoCube WordZapper
        """

    private static func words(_ text: String) -> [String] {
        text.split(whereSeparator: \.isWhitespace).map(String.init)
    }
}
