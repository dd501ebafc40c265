from agent.simulator.command import main

raise SystemExit(main())
